// What people wrote in Markdown about a release. What reads it is loaded when there is something to read; until then, and if it
// cannot be loaded, the text stands as it was written.
import { useEffect, useState } from 'react'
import { Blocks } from './blocks'
import type { Block } from './blocks-parts'

/** Notes stand under a panel's title. */
const UNDER = 3

const topOf = (blocks: Block[]) => Math.min(...blocks.map(block => (block.kind === 'heading' ? block.level : UNDER)))

export function Notes({ text }: { text: string }) {
  const [read, setRead] = useState<{ text: string; blocks: Block[] }>()
  useEffect(() => {
    let isHere = true
    import('./markdown')
      .then(({ written }) => isHere && setRead({ text, blocks: written(text) }))
      .catch(() => undefined)
    return () => {
      isHere = false
    }
  }, [text])
  if (read?.text !== text) return <p className="notes">{text}</p>
  return (
    <div className="prose is-notes">
      <Blocks blocks={read.blocks} below={UNDER - topOf(read.blocks)} />
    </div>
  )
}
