// What a page of the documentation is, once the build has read its Markdown.
import type { Block } from '../../ui/blocks-parts'

export type DocsPage = {
  /** in its address */
  name: string
  title: string
  /** what it is for, in a few words */
  about: string
  blocks: Block[]
}

export type DocsChapter = { title: string; pages: DocsPage[] }

/** A page whose blocks are loaded when somebody reads it, or searches. */
export type DocsEntry = Omit<DocsPage, 'blocks'> & { read: () => Promise<Block[]> }
export type DocsContents = { title: string; pages: DocsEntry[] }[]
