// Types of the operations, from the schema that the hub prints.
import type { CodegenConfig } from '@graphql-codegen/cli'

const text = 'string'
const config: CodegenConfig = {
  schema: '../schema.graphql',
  documents: 'src/**/*.{ts,tsx}',
  ignoreNoDocuments: true,
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: {
          BigInt: 'number',
          Colour: text,
          DateTime: text,
          Digest: text,
          JSON: 'unknown',
          LabelKey: text,
          LabelValue: text,
          Link: text,
          Moment: text,
          NaiveDate: text,
          Name: text,
          Pattern: text,
          PlanDigest: text,
          Position: text,
          RepositoryName: text,
          Tag: text,
          Version: text,
          VersionRange: text,
        },
      },
    },
  },
}
export default config
