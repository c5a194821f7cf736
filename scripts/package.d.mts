/** Two files that print what each name of the package exports, by the files' names. */
export const importers: Readonly<Record<string, string>>;
