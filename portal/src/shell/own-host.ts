// A host of its own: there, the pages of an organization's customers are at the root.

/** The organization, as the hub says in the document; nothing at the hub's own host. */
export const ownHostOf =
  typeof document === 'undefined'
    ? undefined
    : document.querySelector<HTMLMetaElement>('meta[name="distr-organization"]')?.content

/** Where the addresses of customers' pages begin: nothing at a host of their own. */
export const customersRoot = (organization: string) => (ownHostOf ? '' : `/p/${organization}`)
