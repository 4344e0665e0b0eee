// SPDX-License-Identifier: Apache-2.0

// verify_log checks a published log with Go's checksum database code, which
// shares nothing with ours: golang.org/x/mod/sumdb/note and tlog (Debian:
// golang-golang-x-mod-dev). A tile of height 8 is the same there, only its path
// is longer: tile/8/L/... for tile/L/...
//
// usage: verify_log VKEY FOLDER OLD-CHECKPOINT... [-proof FILE]...
//
// Reads all entries, computes the root from them, reads the same from tiles,
// proves each of 50 entries, proves each old checkpoint to be the tree's
// beginning, and checks proof files. Prints size and root.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify_log:", err)
		os.Exit(1)
	}
}

func check(ok bool, format string, args ...interface{}) {
	if !ok {
		must(fmt.Errorf(format, args...))
	}
}

func checkpoint(vkey string, data []byte) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	n, err := note.Open(data, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(n.Text, "\n")
	check(len(lines) == 4 && lines[3] == "", "not three lines: %q", n.Text)
	check(lines[0] == verifier.Name(), "origin %q", lines[0])
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	hash, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: hash}
}

type tiles string

func (t tiles) Height() int                          { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte)      {}
func (t tiles) path(tile tlog.Tile) string {
	name := tile.Path()
	if tile.L == -1 {
		return strings.Replace(name, "tile/8/data", "tile/entries", 1)
	}
	return strings.Replace(name, "tile/8/", "tile/", 1)
}
func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range list {
		data, err := os.ReadFile(filepath.Join(string(t), t.path(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// entries reads every bundle of a tree of that size.
func entries(t tiles, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		data, err := t.ReadTiles([]tlog.Tile{{H: 8, L: -1, N: n, W: int(width)}})
		must(err)
		rest := data[0]
		for i := int64(0); i < width; i++ {
			check(len(rest) >= 2, "bundle %d is short", n)
			length := int(binary.BigEndian.Uint16(rest))
			check(len(rest) >= 2+length, "bundle %d is short", n)
			all = append(all, rest[2:2+length])
			rest = rest[2+length:]
		}
		check(len(rest) == 0, "bundle %d is long", n)
	}
	return all
}

// fromEntries is a hash storage made of nothing but entries.
type fromEntries []tlog.Hash

func (f fromEntries) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, i := range indexes {
		list = append(list, f[i])
	}
	return list, nil
}

func proofFile(vkey, name string, all [][]byte) {
	data, err := os.ReadFile(name)
	must(err)
	parts := bytes.SplitN(data, []byte("\n\n"), 2)
	check(len(parts) == 2, "%s has no blank line", name)
	lines := strings.Split(string(parts[0]), "\n")
	check(lines[0] == "c2sp.org/tlog-proof@v1", "%s: %s", name, lines[0])
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err)
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		must(err)
		var h tlog.Hash
		copy(h[:], hash)
		proof = append(proof, h)
	}
	tree := checkpoint(vkey, parts[1])
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(all[index])))
}

func main() {
	vkey, folder := os.Args[1], tiles(os.Args[2])
	data, err := os.ReadFile(filepath.Join(string(folder), "checkpoint"))
	must(err)
	tree := checkpoint(vkey, data)
	all := entries(folder, tree.N)

	var stored fromEntries
	for i, entry := range all {
		hashes, err := tlog.StoredHashes(int64(i), entry, stored)
		must(err)
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	must(err)
	check(root == tree.Hash, "the entries have another root: %v", root)

	reader := tlog.TileHashReader(tree, folder)
	step := tree.N/50 + 1
	for i := int64(0); i < tree.N; i += step {
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(all[i])))
	}
	for i := 3; i < len(os.Args); i++ {
		if os.Args[i] == "-proof" {
			i++
			proofFile(vkey, os.Args[i], all)
			continue
		}
		data, err := os.ReadFile(os.Args[i])
		must(err)
		old := checkpoint(vkey, data)
		if old.N == 0 || old.N == tree.N {
			check(old.N == 0 || old.Hash == tree.Hash, "two roots of size %d", old.N)
			continue
		}
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	}
	fmt.Println(tree.N, tree.Hash)
}
