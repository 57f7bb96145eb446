// The chapters for a vendor's customers, under the vendor's name.
import { contents } from 'virtual:docs/customer'
import { useParams } from '@tanstack/react-router'
import { useBefore } from '../features/branding/before'
import { Logo } from '../features/branding/logo'
import { DocsPages } from '../features/docs/page'
import { customersRoot, ownHostOf } from '../shell/own-host'

export default function CustomerDocs() {
  const params = useParams({ strict: false })
  const organization = ownHostOf ?? params.organization ?? ''
  const before = useBefore(organization)
  const root = customersRoot(organization)
  const name = before?.displayName ?? organization
  const mark = <Logo of={before?.branding} />
  return <DocsPages side={{ at: `${root}/docs`, home: root || '/', mark, name, contents }} />
}
