/** The changelog with the version and its date over what was unreleased; throws where that is nothing. */
export function released(changelog: string, version: string, date: string): string;
