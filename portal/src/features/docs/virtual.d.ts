// What the build makes of the Markdown: see `build/docs.ts`.
declare module 'virtual:docs/vendor' {
  export const contents: import('./parts').DocsContents
}
declare module 'virtual:docs/customer' {
  export const contents: import('./parts').DocsContents
}
