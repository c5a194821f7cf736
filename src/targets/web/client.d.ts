/** What `../client.js` is to the page's scripts, which lie in a folder of their own beside it. */
export * from "../client/template.mts";
