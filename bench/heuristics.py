#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often the heuristics strike where nothing is wrong.

usage: heuristics.py OVERT [--npm DIR] PATH...

Scans each PATH with the rules that come with OVERT (the command of a build or
an installation), with --heuristics, and prints for each rule of verdict
"suspicious" how many files it struck, of how many, and the first of them. With
--npm the packages below, which are among the most used ones of npm's registry,
and all that they need are installed into DIR first (npm runs no script of
theirs) and scanned as one more path. docs/rules.md states the figures.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

NPM = """
    @angular/core @babel/core @babel/preset-env @types/node ajv angular async
    aws-sdk axios babel-loader backbone bluebird body-parser bootstrap browserify
    chai chalk cheerio chokidar classnames coffeescript colors commander core-js
    cors cross-env css-loader d3 date-fns debug dotenv ejs electron-builder
    esbuild eslint express fs-extra glob got graphql gulp handlebars helmet
    highlight.js husky immutable inquirer jest jquery js-yaml jsdom jsonwebtoken
    karma knex less lodash marked minimist mocha moment mongodb mongoose morgan
    multer mysql2 next node-fetch nodemailer nodemon npm openai passport pg
    playwright-core pm2 postcss prettier prop-types pug puppeteer-core ramda react
    react-dom redis redux request rimraf rollup rxjs sass semver sequelize sharp
    shelljs sinon socket.io styled-components tailwindcss terser three ts-node
    tslib typescript underscore uuid validator vite vue webpack winston ws yargs
    zod
""".split()


def install(folder):
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit",
                    "--no-fund", "--force", "--prefix", folder] + NPM,
                   check=True, stdout=subprocess.DEVNULL)


def scan(overt, path, cache):
    """Rule -> files that it struck; and how many files there were."""
    struck = collections.defaultdict(set)
    n_files = 0
    command = [overt, "scan", "--heuristics", "--all-matches", "--json",
               "--one-file-system", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          env=dict(os.environ, XDG_CACHE_HOME=cache)) as run:
        for line in map(json.loads, run.stdout):
            if line["type"] == "summary":
                n_files = line["files"]
            elif (line["type"] == "detection" and
                  line["verdict"] == "suspicious"):
                struck[line["rule"]].add("/".join(
                    [line["path"]] + list(line["members"])))
    if run.returncode == 2 and n_files == 0:
        sys.exit("heuristics.py: the scan of %s failed" % path)
    return struck, n_files


def main():
    arguments = sys.argv[1:]
    if len(arguments) < 2:
        sys.exit(__doc__)
    overt, paths = arguments[0], arguments[1:]
    if paths[0] == "--npm":
        install(paths[1])
        paths = paths[1:]
    with tempfile.TemporaryDirectory() as cache:
        os.chmod(cache, 0o700)
        for path in paths:
            struck, n_files = scan(overt, path, cache)
            print("%s: %d files" % (path, n_files))
            for rule in sorted(struck):
                files = sorted(struck[rule])
                print("  %-40s %6d  %s" % (rule, len(files), files[0]))


if __name__ == "__main__":
    main()
