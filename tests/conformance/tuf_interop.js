// SPDX-License-Identifier: Apache-2.0
//
// usage: node tuf_interop.js CLIENT MAKER
//        node tuf_interop.js --read REPOSITORY TARGET CLIENT
//
// Our TUF code and somebody else's (npm tuf-js, @tufjs/models) read each other's
// repositories: tuf-js updates from one that MAKER (make_tuf_repository) wrote,
// and CLIENT (overt-tuf-client) from one that is written here, over HTTP, with
// Ed25519 and with ECDSA keys. Then the server here turns hostile in the ways
// that only a network shows. One line per claim; exits 1 if one fails.
"use strict";

const assert = require("node:assert");
const { execFileSync, spawn } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const tools = process.env.NODE_TOOLS;
const need = (name) => require(path.join(tools, "node_modules", name));
const models = {
    ...need("@tufjs/models"),
    ...need("@tufjs/models/dist/role"),
    ...need("@tufjs/models/dist/delegations"),
};
const { Updater } = need("tuf-js");

const isReading = process.argv[2] === "--read";
const [client, maker] = isReading ? [process.argv[5]] : process.argv.slice(2);
const top = fs.mkdtempSync(path.join(os.tmpdir(), "tuf-interop-"));
let failed = 0;
let passed = 0;

// Files by URL path. A value may be a function that answers itself.
function serve(files) {
    const server = http.createServer((request, response) => {
        const file = files[decodeURIComponent(request.url)] ?? files[request.url];
        server.asked.push(request.url);
        if (typeof file === "function") {
            file(request, response);
        } else if (file === undefined) {
            response.writeHead(404).end();
        } else {
            response.writeHead(200, { "Content-Length": file.length }).end(file);
        }
    });
    server.asked = [];
    return new Promise((resolve) => {
        server.listen(0, "127.0.0.1", () => {
            server.base = `http://127.0.0.1:${server.address().port}`;
            resolve(server);
        });
    });
}

function run(args) {
    return new Promise((resolve) => {
        const child = spawn(client, args, { stdio: ["ignore", "ignore", "pipe"] });
        let text = "";
        child.stderr.on("data", (data) => (text += data));
        child.on("close", (code) => resolve({ code, text }));
    });
}

async function claim(name, body) {
    try {
        await body();
        passed++;
        console.log(`ok ${name}`);
    } catch (error) {
        failed++;
        console.log(`not ok ${name}\n${error.stack}`);
    }
}

// A repository made with @tufjs/models.
class Repository {
    constructor(keytype, options = {}) {
        this.keytype = keytype;
        this.consistent = options.consistent ?? true;
        this.files = {};
        this.keys = {};
        for (const role of ["root", "timestamp", "snapshot", "targets", "rules"]) {
            this.keys[role] = this.newKey();
        }
        this.content = Buffer.from("content of a target\n");
        this.publish(1);
    }

    newKey() {
        const pair = this.keytype === "ed25519"
            ? crypto.generateKeyPairSync("ed25519")
            : crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
        const isEd = this.keytype === "ed25519";
        const text = isEd
            ? Buffer.from(pair.publicKey.export({ format: "jwk" }).x, "base64url").toString("hex")
            : pair.publicKey.export({ type: "spki", format: "pem" });
        const id = crypto.createHash("sha256").update(text).digest("hex");
        const key = new models.Key({
            keyID: id,
            keyType: this.keytype,
            scheme: isEd ? "ed25519" : "ecdsa-sha2-nistp256",
            keyVal: { public: text },
        });
        const sign = (data) => new models.Signature({
            keyID: id,
            sig: crypto.sign(isEd ? undefined : "sha256", data, pair.privateKey).toString("hex"),
        });
        return { key, sign };
    }

    expires() {
        return new Date(Date.now() + 86400000).toISOString().replace(/\.\d+Z/, "Z");
    }

    put(name, signed, signers) {
        const metadata = new models.Metadata(signed);
        for (const role of signers) {
            metadata.sign(this.keys[role].sign, true);
        }
        // JSON that is laid out in another way than what is signed.
        const bytes = Buffer.from(JSON.stringify(metadata.toJSON(), null, 3) + "\r\n");
        this.files[`/metadata/${name}`] = bytes;
        return bytes;
    }

    role(name) {
        return new models.Role({ keyIDs: [this.keys[name].key.keyID], threshold: 1 });
    }

    name(version, role) {
        return this.consistent ? `${version}.${role}.json` : `${role}.json`;
    }

    publish(version) {
        const hash = (b) => ({ sha256: crypto.createHash("sha256").update(b).digest("hex") });
        const expires = this.expires();
        const keys = {};
        for (const k of ["root", "timestamp", "snapshot", "targets"]) {
            keys[this.keys[k].key.keyID] = this.keys[k].key;
        }
        this.put(`${version}.root.json`, new models.Root({
            version, expires, keys,
            consistentSnapshot: this.consistent,
            roles: {
                root: this.role("root"), timestamp: this.role("timestamp"),
                snapshot: this.role("snapshot"), targets: this.role("targets"),
            },
        }), ["root"]);
        const rules = new models.Targets({ version, expires });
        rules.addTarget(new models.TargetFile({
            path: "db/a file", length: this.content.length, hashes: hash(this.content),
        }));
        const rulesBytes = this.put(this.name(version, "rules"), rules, ["rules"]);
        const targets = new models.Targets({
            version, expires,
            delegations: new models.Delegations({
                keys: { [this.keys.rules.key.keyID]: this.keys.rules.key },
                roles: {
                    rules: new models.DelegatedRole({
                        name: "rules", keyIDs: [this.keys.rules.key.keyID],
                        threshold: 1, terminating: true, paths: ["db/*"],
                    }),
                },
            }),
        });
        const targetsBytes = this.put(this.name(version, "targets"), targets, ["targets"]);
        const file = (b) => new models.MetaFile({ version, length: b.length, hashes: hash(b) });
        const snapshotBytes = this.put(this.name(version, "snapshot"), new models.Snapshot({
            version, expires,
            meta: { "targets.json": file(targetsBytes), "rules.json": file(rulesBytes) },
        }), ["snapshot"]);
        this.put("timestamp.json", new models.Timestamp({
            version, expires, snapshotMeta: file(snapshotBytes),
        }), ["timestamp"]);
        const target = this.consistent ? `db/${hash(this.content).sha256}.a file` : "db/a file";
        this.files[`/targets/${target}`] = this.content;
    }
}

class Client {
    constructor(server, root) {
        this.dir = fs.mkdtempSync(path.join(top, "client-"));
        this.state = path.join(this.dir, "metadata");
        this.targets = path.join(this.dir, "targets");
        fs.mkdirSync(this.state);
        fs.mkdirSync(this.targets);
        this.server = server;
        this.root = path.join(this.dir, "root.json");
        fs.writeFileSync(this.root, root);
    }

    async init() {
        assert.strictEqual((await run(["--metadata-dir", this.state, "init", this.root])).code, 0);
        return this;
    }

    refresh() {
        return run(["--metadata-dir", this.state, "--metadata-url",
            `${this.server.base}/metadata/`, "refresh"]);
    }

    download(name) {
        return run(["--metadata-dir", this.state, "--metadata-url",
            `${this.server.base}/metadata`, "--target-name", name, "--target-base-url",
            `${this.server.base}/targets`, "--target-dir", this.targets, "download"]);
    }

    version(role) {
        const file = path.join(this.state, `${role}.json`);
        return fs.existsSync(file)
            ? JSON.parse(fs.readFileSync(file)).signed.version : 0;
    }
}

async function withTheirs(keytype, body, options) {
    const repository = new Repository(keytype, options);
    const server = await serve(repository.files);
    const c = await new Client(server, repository.files["/metadata/1.root.json"]).init();
    try {
        await body(repository, c, server);
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

async function refused(c, word) {
    const result = await c.refresh();
    assert.strictEqual(result.code, 1, result.text);
    assert.ok(result.text.includes(word), result.text);
}

// All files below a folder, by URL path.
function filesOf(dir) {
    const files = {};
    for (const name of fs.readdirSync(dir, { recursive: true })) {
        if (fs.statSync(path.join(dir, name)).isFile()) {
            files["/" + name] = fs.readFileSync(path.join(dir, name));
        }
    }
    return files;
}

// What tuf-js has to say about a target, from the first root on.
async function getByTufJs(server, files, target) {
    const state = fs.mkdtempSync(path.join(top, "their-state-"));
    fs.writeFileSync(path.join(state, "root.json"), files["/metadata/1.root.json"]);
    const updater = new Updater({
        metadataDir: state, metadataBaseUrl: `${server.base}/metadata`,
        targetDir: state, targetBaseUrl: `${server.base}/targets`,
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(target);
    assert.ok(info);
    const file = await updater.downloadTarget(info, path.join(state, "target"));
    const roots = Object.keys(files).filter((name) => name.endsWith(".root.json")
        && name.startsWith("/metadata/"));
    assert.strictEqual(JSON.parse(fs.readFileSync(path.join(state, "root.json")))
        .signed.version, roots.length);
    assert.strictEqual(await updater.getTargetInfo(target + "-none"), undefined);
    return fs.readFileSync(file);
}

async function readOurs() {
    const dir = path.join(top, "ours");
    for (const d of ["metadata", "targets/db/stable"]) {
        fs.mkdirSync(path.join(dir, d), { recursive: true });
    }
    execFileSync(maker, [dir]);
    await readByBoth(dir, "db/stable/head");
}

async function readByBoth(dir, target) {
    const files = filesOf(dir);
    const server = await serve(files);
    try {
        const theirs = await getByTufJs(server, files, target);
        const c = await new Client(server, files["/metadata/1.root.json"]).init();
        const result = await c.download(target);
        assert.strictEqual(result.code, 0, result.text);
        const [name] = fs.readdirSync(c.targets);
        assert.ok(theirs.equals(fs.readFileSync(path.join(c.targets, name))));
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

async function readTheirs(repository, c) {
    for (let i = 0; i < 2; i++) {
        const result = await c.download("db/a file");
        assert.strictEqual(result.code, 0, result.text);
    }
    assert.strictEqual(c.server.asked.filter((u) => u.startsWith("/targets")).length, 1);
    repository.publish(2);
    const result = await c.refresh();
    assert.strictEqual(result.code, 0, result.text);
    assert.strictEqual(c.version("root"), 2);
    assert.strictEqual(c.version("targets"), 2);
    assert.strictEqual((await c.download("db/none")).code, 1);
    assert.strictEqual((await c.download("other/x")).code, 1);
}

const hostile = {
    async "a 403 in the place of the next root is no alarm"(repository, c) {
        repository.files["/metadata/2.root.json"] = (q, r) => r.writeHead(403).end();
        assert.strictEqual((await c.refresh()).code, 0);
    },
    async "a broken server is one"(repository, c) {
        repository.files["/metadata/2.root.json"] = (q, r) => r.writeHead(500).end();
        await refused(c, "input/output error");
    },
    async "a redirect is not followed"(repository, c, server) {
        const real = repository.files["/metadata/timestamp.json"];
        repository.files["/elsewhere"] = real;
        repository.files["/metadata/timestamp.json"] = (q, r) =>
            r.writeHead(302, { Location: `${server.base}/elsewhere` }).end();
        await refused(c, "input/output error");
        assert.ok(!server.asked.includes("/elsewhere"));
    },
    async "endless data is cut"(repository, c) {
        let sent = 0;
        repository.files["/metadata/timestamp.json"] = (q, r) => {
            const more = () => {
                while (sent < 64 << 20 && r.write(Buffer.alloc(65536, " "))) {
                    sent += 65536;
                }
            };
            r.writeHead(200);
            r.on("drain", more);
            more();
        };
        await refused(c, "size limit");
        assert.ok(sent < 32 << 20);
    },
    async "a file that ends early is no file"(repository, c) {
        const real = repository.files["/metadata/timestamp.json"];
        repository.files["/metadata/timestamp.json"] = (q, r) => {
            r.writeHead(200, { "Content-Length": real.length });
            r.write(real.subarray(0, 100), () => r.destroy());
        };
        await refused(c, "input/output error");
        assert.strictEqual(c.version("timestamp"), 0);
    },
    async "an older snapshot is a rollback"(repository, c) {
        repository.publish(2);
        assert.strictEqual((await c.refresh()).code, 0);
        repository.publish(1);
        await refused(c, "older");
        assert.strictEqual(c.version("timestamp"), 2);
    },
    async "a target with other content is not stored"(repository, c) {
        for (const name of Object.keys(repository.files)) {
            if (name.startsWith("/targets")) {
                repository.files[name] = Buffer.from("content of an enemy\n");
            }
        }
        assert.strictEqual((await c.download("db/a file")).code, 1);
        assert.deepStrictEqual(fs.readdirSync(c.targets), []);
    },
    async "metadata by a stranger's key is refused"(repository, c) {
        repository.keys.timestamp = repository.newKey();
        repository.publish(1);
        repository.files["/metadata/1.root.json"] = fs.readFileSync(c.root);
        await refused(c, "signature does not verify");
    },
};

async function main() {
    if (isReading) {
        const [repository, target] = process.argv.slice(3);
        await claim(`tuf-js and we agree about ${target}`,
            () => readByBoth(repository, target));
    } else {
        await judgeAll();
    }
    console.log(`${passed} passed, ${failed} failed`);
    fs.rmSync(top, { recursive: true });
    process.exit(failed ? 1 : 0);
}

async function judgeAll() {
    await claim("tuf-js updates from our repository", readOurs);
    for (const keytype of ["ed25519", "ecdsa"]) {
        await claim(`our client updates from theirs, ${keytype}`,
            () => withTheirs(keytype, readTheirs));
    }
    await claim("our client updates from one without consistent snapshots",
        () => withTheirs("ed25519", readTheirs, { consistent: false }));
    for (const [name, body] of Object.entries(hostile)) {
        await claim(name, () => withTheirs("ed25519", body));
    }
}

main();
