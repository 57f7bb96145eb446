// The way from a page to what explains it.
import { Link, useLocation } from '@tanstack/react-router'
import { CircleHelp } from 'lucide-react'
import { usePlaces } from '../../shell/places'
import { docsLink } from './address'
import { helpOf } from './help'

export function HelpLink({ title }: { title: string }) {
  const { root, docs, help } = usePlaces()
  const { pathname } = useLocation()
  const found = helpOf(help, pathname.slice(root.length))
  if (!found) return null
  return (
    <Link
      {...docsLink(docs, found)}
      className="icon-button help"
      aria-label={`Help: ${title}`}
      title="What this page is about"
    >
      <CircleHelp size={16} />
    </Link>
  )
}
