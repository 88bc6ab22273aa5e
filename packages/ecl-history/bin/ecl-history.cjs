#!/usr/bin/env node
// Committed, so that package managers can link the command before the bundle is built.
require('../dist/ecl-history.cjs')
