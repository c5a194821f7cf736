/** The version of this package, which package.json repeats: what runs in a page cannot read that. */
export const version = "0.1.0";
