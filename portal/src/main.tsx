// The vendor's side.
import { boot } from './boot'
import { router } from './router'

boot(router)
