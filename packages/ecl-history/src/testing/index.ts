export { PrivatePostgres, type PrivatePostgresOptions } from './private-postgres.ts'
