// Dense tables. Below 720 px a row becomes a block, with each cell under its column's name.
import { ArrowDown, ArrowUp } from 'lucide-react'
import type { ReactNode } from 'react'

export type Column<Row> = {
  name: string
  cell: (row: Row) => ReactNode
  /** of numbers, at the end of the column */
  isNumber?: boolean
  width?: string
  /** it may be cut off with an ellipsis */
  isText?: boolean
  /** the server puts the whole list in this order */
  sort?: Sorting | undefined
  /** small screens leave the cell out */
  isBlank?: (row: Row) => boolean
}

export type Sorting = { now: 'ascending' | 'descending' | undefined; turn: () => void }

type Props<Row> = {
  label: string
  columns: Column<Row>[]
  rows: Row[]
  keyOf: (row: Row) => string
  classOf?: (row: Row) => string | undefined
  className?: string
}

export function Table<Row>({ label, columns, rows, keyOf, classOf, className = '' }: Props<Row>) {
  return (
    <div className="table-frame">
      <table className={`table ${className}`} aria-label={label}>
        <thead>
          <tr>
            {columns.map(column => (
              <th key={column.name} scope="col" className={classes(column)} aria-sort={column.sort?.now}>
                {column.sort ? <SortButton name={column.name} sort={column.sort} /> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={keyOf(row)} className={classOf?.(row)}>
              {columns.map(column => (
                <td key={column.name} data-column={column.name} className={classes(column, column.isBlank?.(row))}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function SortButton({ name, sort: { now, turn } }: { name: string; sort: Sorting }) {
  const Arrow = now === 'descending' ? ArrowDown : ArrowUp
  return (
    <button type="button" className={now ? 'sort is-on' : 'sort'} onClick={turn}>
      {name} <Arrow size={12} aria-hidden="true" />
    </button>
  )
}

function classes<Row>(column: Column<Row>, isBlank = false): string | undefined {
  const names = [
    isBlank && 'is-blank',
    column.isNumber && 'is-number',
    column.isText && 'is-text',
    column.width && `is-${column.width}`,
  ]
  return names.filter(Boolean).join(' ') || undefined
}

/** Pages by keyset: forward by the last row's cursor, back as the browser goes back. */
export function Pager({
  from,
  shown,
  total,
  hasNext,
  next,
  first,
}: {
  from: number
  shown: number
  total: number | undefined
  hasNext: boolean
  next: () => void
  first: () => void
}) {
  const of = total === undefined ? '' : ` of ${total.toLocaleString()}`
  return (
    <nav className="pager" aria-label="Pages">
      <span>
        {shown === 0 ? '0' : `${(from + 1).toLocaleString()}–${(from + shown).toLocaleString()}`}
        {of}
      </span>
      {from > 0 ? (
        <button type="button" className="button is-quiet" onClick={first}>
          First page
        </button>
      ) : null}
      {hasNext ? (
        <button type="button" className="button is-quiet" onClick={next}>
          Next page
        </button>
      ) : null}
    </nav>
  )
}
