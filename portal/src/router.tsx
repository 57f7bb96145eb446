// The portal's addresses, on one screen. What a list shows is in its address, so that a link shows the same.
import { createRootRoute, createRoute, createRouter, Navigate, Outlet } from '@tanstack/react-router'
import { ActivityPage, readActivity } from './features/activity/page'
import { ApplicationsPage } from './features/application/list'
import { ApplicationPage } from './features/application/page'
import { ReleasePage } from './features/application/release'
import { CustomersPage } from './features/customer/list'
import { CustomerPage } from './features/customer/page'
import { LicensesPage } from './features/license/list'
import { LicensePage } from './features/license/page'
import { OverviewPage } from './features/overview/page'
import { SignInPage } from './features/session/sign-in'
import { readFleet } from './features/target/address'
import { TargetsPage } from './features/target/list'
import { TargetPage } from './features/target/page'
import { WhoIsHome } from './shell/home'
import { NotHere, Shell } from './shell/shell'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotHere })
const readNext = (search: Record<string, unknown>): { next?: string } =>
  typeof search.next === 'string' ? { next: search.next } : {}

const home = createRoute({ getParentRoute: () => root, path: '/', component: WhoIsHome })
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: readNext,
})
const vendorSignIn = createRoute({
  getParentRoute: () => root,
  path: '/v/$organization/sign-in',
  component: SignInPage,
  validateSearch: readNext,
})
const vendor = createRoute({ getParentRoute: () => root, path: '/v/$organization', component: Shell })
const inVendor = { getParentRoute: () => vendor }
const overview = createRoute({ ...inVendor, path: '/', component: OverviewPage })
const targets = createRoute({ ...inVendor, path: '/targets', component: TargetsPage, validateSearch: readFleet })
const target = createRoute({ ...inVendor, path: '/targets/$customer/$target', component: TargetPage })
const applications = createRoute({ ...inVendor, path: '/apps', component: ApplicationsPage })
const application = createRoute({ ...inVendor, path: '/apps/$application', component: ApplicationPage })
const release = createRoute({ ...inVendor, path: '/apps/$application/releases/$version', component: ReleasePage })
const customers = createRoute({ ...inVendor, path: '/customers', component: CustomersPage })
const customer = createRoute({ ...inVendor, path: '/customers/$customer', component: CustomerPage })
const licenses = createRoute({ ...inVendor, path: '/licenses', component: LicensesPage })
const license = createRoute({ ...inVendor, path: '/licenses/$customer/$license', component: LicensePage })
const activity = createRoute({ ...inVendor, path: '/activity', component: ActivityPage, validateSearch: readActivity })
const elsewhere = createRoute({ getParentRoute: () => root, path: '$', component: () => <Navigate to="/" replace /> })

const routeTree = root.addChildren([
  home,
  signIn,
  vendorSignIn,
  vendor.addChildren([
    overview,
    targets,
    target,
    applications,
    application,
    release,
    customers,
    customer,
    licenses,
    license,
    activity,
  ]),
  elsewhere,
])

export const router = createRouter({
  routeTree,
  // without the slash at its end, but for the root
  basepath: new URL(document.baseURI).pathname.replace(/(.)\/$/, '$1'),
  defaultPreload: 'intent',
  defaultNotFoundComponent: NotHere,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
