// Signing in. The secret of the session goes into a cookie that this page cannot read.
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Eye, EyeOff } from 'lucide-react'
import { type FormEvent, useEffect, useState } from 'react'
import { type CombinedError, useClient } from 'urql'
import { graphql } from '../../gql'
import type { Side } from '../../shell/inside'
import { ownHostOf } from '../../shell/own-host'
import { Button } from '../../ui/button'
import { refusalOf } from '../../ui/errors'
import { Field } from '../../ui/field'
import { Outward } from '../../ui/outward'
import { useBefore } from '../branding/before'
import { Logo } from '../branding/logo'

const SESSION_START = graphql(`
  mutation SessionStart($organization: Name!, $email: String!, $password: String!, $customer: Name) {
    sessionStart(organization: $organization, email: $email, password: $password, customer: $customer) { expiresAt }
  }
`)

const LAST = 'distr.organization'

export const readNext = (search: Record<string, unknown>): { next?: string } =>
  typeof search.next === 'string' ? { next: search.next } : {}

/** `side` is the first part of the addresses to go on to; a person of the other side is led there. */
export function SignInPage({ side = 'v' }: { side?: Side }) {
  const params = useParams({ strict: false })
  const organization = ownHostOf ?? params.organization
  const before = useBefore(side === 'p' ? organization : undefined)
  const { next } = useSearch({ strict: false }) as { next?: string }
  const navigate = useNavigate()
  const name = side === 'p' && organization ? (before?.displayName ?? organization) : 'Distr'
  useEffect(() => {
    document.title = `Sign in · ${name}`
  }, [name])
  const done = (signedIn: string) => {
    const root = ownHostOf ? '/' : `/${side}/`
    const isOurs = next?.startsWith(root) && !/^[/\\]{2}/.test(next)
    const to = isOurs ? next : ownHostOf ? root : root + signedIn
    void navigate({ to, replace: true, reloadDocument: true })
  }
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="brand">
          <Logo of={before?.branding} /> <span>{name}</span>
        </p>
        <h1>Sign in</h1>
        {window.isSecureContext ? null : (
          <p className="note">This connection is not encrypted: whoever is between you and the hub can read along.</p>
        )}
        <SignInForm organization={organization} done={done} />
        <p className="hint">
          Invited, or lost your password? <a href={new URL('join', document.baseURI).href}>Use your code</a>
        </p>
        <p className="hint">
          <a href={new URL(docsOf(side, organization), document.baseURI).href}>Documentation</a>
        </p>
        {before?.branding?.support ? (
          <p className="hint">
            <Outward to={before.branding.support}>Support of {name}</Outward>
          </p>
        ) : null}
      </div>
    </main>
  )
}

/** It is open to everybody. */
function docsOf(side: Side, organization: string | undefined): string {
  return side === 'p' && !ownHostOf ? `p/${organization}/docs` : 'docs'
}

export function SignInForm({
  organization,
  done,
}: {
  organization?: string | undefined
  done: (organization: string) => void
}) {
  const client = useClient()
  const [error, setError] = useState<CombinedError>()
  const [isBusy, setBusy] = useState(false)
  const [isShown, setShown] = useState(false)
  const refusal = error && refusalOf(error)
  const wait = useCountdown(refusal?.retryAfter, error)
  const needsCustomer = refusal?.code === 'session.several_memberships'

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const field = (name: string) => String(form.get(name) ?? '').trim()
    const variables = {
      organization: field('organization').toLowerCase(),
      email: field('email'),
      password: String(form.get('password') ?? ''),
      customer: field('customer') || null,
    }
    setBusy(true)
    const result = await client.mutation(SESSION_START, variables, { asksWhoIsThere: true }).toPromise()
    setBusy(false)
    setError(result.error)
    if (result.error) return
    localStorage.setItem(LAST, variables.organization)
    done(variables.organization)
  }

  return (
    <form onSubmit={event => void submit(event)} className="form">
      <Field
        label="Organization"
        name="organization"
        required
        autoComplete="organization"
        autoCapitalize="none"
        spellCheck={false}
        defaultValue={organization ?? localStorage.getItem(LAST) ?? ''}
        readOnly={organization !== undefined}
      />
      <Field label="E-mail" name="email" type="email" required autoComplete="username" />
      <div className="with-button">
        <Field
          label="Password"
          name="password"
          type={isShown ? 'text' : 'password'}
          required
          autoComplete="current-password"
        />
        <button
          type="button"
          className="icon-button"
          aria-pressed={isShown}
          aria-label="Show the password"
          onClick={() => setShown(shown => !shown)}
        >
          {isShown ? <EyeOff size={16} /> : <Eye size={16} />}
        </button>
      </div>
      {needsCustomer ? <Field label="Customer" name="customer" required autoCapitalize="none" /> : null}
      {refusal ? (
        <div className="refusal" role="alert">
          <strong>
            {refusal.code === 'forbidden'
              ? 'Organization, address and password do not fit together.'
              : refusal.sentence}
          </strong>
          {wait > 0 ? <p>Try again in {wait} s.</p> : null}
        </div>
      ) : null}
      <Button kind="primary" type="submit" disabled={isBusy || wait > 0}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  )
}

export function useCountdown(seconds: number | undefined, of: unknown): number {
  const [left, setLeft] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each refusal counts anew
  useEffect(() => {
    setLeft(seconds ?? 0)
    if (!seconds) return
    const timer = setInterval(() => setLeft(left => Math.max(0, left - 1)), 1_000)
    return () => clearInterval(timer)
  }, [seconds, of])
  return left
}
