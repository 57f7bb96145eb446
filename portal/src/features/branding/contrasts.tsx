// What became of a colour, and what was measured.
import type { AccentPreviewQuery } from '../../gql/graphql'
import { type Column, Table } from '../../ui/table'

type Accents = AccentPreviewQuery['accents']
type Line = { theme: string; what: string; colour: string; ratio: number; least: number; isMoved: boolean }

export function Contrasts({ accents }: { accents: Accents }) {
  const rows = [...linesOf('light', accents.light), ...linesOf('dark', accents.dark)]
  const moved = (['light', 'dark'] as const).filter(theme => accents[theme].isMoved)
  const columns: Column<Line>[] = [
    { name: 'Page', isText: true, cell: ({ theme, what }) => `${theme}: ${what}` },
    {
      name: 'Colour',
      cell: ({ colour }) => (
        <span className="with-icon">
          <Swatch colour={colour} /> <code>{colour}</code>
        </span>
      ),
    },
    { name: 'Contrast', isNumber: true, cell: ({ ratio }) => `${ratio.toFixed(1)} : 1` },
    { name: 'At least', isNumber: true, cell: ({ least }) => `${least.toFixed(1)} : 1` },
  ]
  return (
    <>
      {moved.length > 0 ? (
        <p className="note">
          Your colour could not be read everywhere on {moved.join(' and ')} pages. Its hue stays; its lightness is moved
          there until it can.
        </p>
      ) : null}
      <Table label="Contrasts" columns={columns} rows={rows} keyOf={row => `${row.theme} ${row.what}`} />
    </>
  )
}

function linesOf(theme: string, of: Accents['light']): Line[] {
  const { isMoved } = of
  return [
    { theme, what: 'words and links', colour: of.text, ratio: of.textContrast, least: 4.5, isMoved },
    { theme, what: 'buttons', colour: of.fill, ratio: of.fillContrast, least: 3, isMoved },
    { theme, what: 'words on buttons', colour: of.on, ratio: of.onContrast, least: 4.5, isMoved },
  ]
}

function Swatch({ colour }: { colour: string }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <rect width="15" height="15" x="0.5" y="0.5" rx="3" fill={colour} stroke="var(--control)" />
    </svg>
  )
}
