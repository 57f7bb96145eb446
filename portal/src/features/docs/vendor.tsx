// The whole documentation, at the hub's own host.
import { contents } from 'virtual:docs/vendor'
import { Mark } from '../session/mark'
import { DocsPages } from './page'

export default function VendorDocs() {
  return <DocsPages side={{ at: '/docs', home: '/', mark: <Mark />, name: 'Distr', contents }} />
}
