/** What another program does to an SQLite file. `node other-database.mjs FILE SQL` */
import { loadDriver } from 'ecl-sqlite/file'

const [file, sql] = process.argv.slice(2)
const { DatabaseSync } = loadDriver()
const database = new DatabaseSync(file)
database.exec(sql)
database.close()
