// What the build makes of the Markdown: see `build/docs.ts`.
declare module 'virtual:docs/vendor' {
  export const chapters: import('./parts').DocsChapter[]
}
declare module 'virtual:docs/customer' {
  export const chapters: import('./parts').DocsChapter[]
}
