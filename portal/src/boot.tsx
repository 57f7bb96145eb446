// What each side begins with: the theme, the client of the hub, the router.
import { CSPProvider } from '@base-ui/react/csp-provider'
import { type AnyRouter, RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { Provider } from 'urql'
import { client } from './live/client'
import { applyTheme } from './shell/theme'
import './tokens.css'
import './base.css'
import './shell/shell.css'
import './ui/controls.css'
import './ui/page.css'
import './ui/table.css'
import './ui/forms.css'
import './ui/chart.css'
import './features/rooms.css'
import './features/detail.css'
import './features/access.css'
import './features/steps.css'
import './features/branding/branding.css'

/** Without the slash at its end, but for the root. */
export const basepath = new URL(document.baseURI).pathname.replace(/(.)\/$/, '$1')

export function boot(router: AnyRouter) {
  applyTheme()
  // a part of the page that an upgrade of the hub took away: once
  window.addEventListener('vite:preloadError', event => {
    const key = 'distr.reloaded'
    if (sessionStorage.getItem(key) === import.meta.url) return
    event.preventDefault()
    sessionStorage.setItem(key, import.meta.url)
    location.reload()
  })
  const root = document.getElementById('root')
  if (!root) return
  createRoot(root).render(
    <CSPProvider disableStyleElements>
      <Provider value={client}>
        <RouterProvider router={router} />
      </Provider>
    </CSPProvider>,
  )
}
