/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/atom.h"

/* The compiled patterns as they lie in the image. Little-endian; offsets are
 * from the start, which is 64-byte aligned.
 *
 * header, 128 bytes:
 *   0  magic, version (u32 each)
 *   8  number of patterns, number of sets (u32 each)
 *   16 buckets: offset, count (u64 each)
 *   32 programs: offset, length (u64 each)
 *   48 sets: offset (u64)
 *   56 length of everything (u64)
 *   64 guards: offset (u64), number of them (u32); number of heads, of sizes
 *      (u16 each); zeros
 * guards, where the header says:
 *   heads of classes (classes.h), each: mask, head (u32 each)
 *   sizes of classes (u64 each)
 *   guards, each: least and greatest size (u64 each), mask, head (u32 each)
 *   for each target and each class the set (u8; 255: nothing to look for)
 * set, 128 bytes: what is looked for in views of a target and a class
 *   0  for each kind of atom: filter's offset (u64), log (u32, 0: none), salt
 *      (prefilter.h has what a filter is)
 *   48 list of programs that are tried at their place: offset (u64),
 *      count (u32), zero; the list has u32 offsets of programs
 *   64 check: offset (u64), log (u32, 0: none), zero
 *   80 slow list, 64 programs a group: offset (u64), number of groups (u32),
 *      zeros; a group has a u64 for each byte, in which bit i says that program
 *      i is tried there, then 64 u32 offsets of programs
 * bucket, 64 bytes: where an atom's hash leads
 *   0  7 fingerprints (u16)
 *   14 7 bytes near the atom: how far from its start (i8; 0: none), which (u8),
 *      folded
 *   28 7 references (u32)
 *   56 how many are used (u8), whether some went to the next one (u8), zeros
 * A reference is a program's offset among the programs, or with the top bit
 * set that of a list of them: a varint count, then u32 offsets. */

#define OV_COMPILED_MAGIC 0x504d564fu /* "OVMP" */
#define OV_COMPILED_VERSION 5
#define OV_COMPILED_HEADER 128
#define OV_COMPILED_TARGETS 32
#define OV_SETS_MAX 255u /* so many numbers */
#define OV_COMPILED_NO_SET 255
#define OV_COMPILED_GUARDS 64 /* in the header */
#define OV_COMPILED_GUARD 24  /* bytes of one */

#define OV_SET_SIZE 128
#define OV_SET_FIXED 48
#define OV_SET_CHECK 64
#define OV_SET_SLOW 80

#define OV_SLOW_GROUP 64u
#define OV_SLOW_REFS (8u * 256)
#define OV_SLOW_SIZE (OV_SLOW_REFS + 4u * OV_SLOW_GROUP)

#define OV_BUCKET_SIZE 64
#define OV_BUCKET_WAYS 7
#define OV_BUCKET_LOAD 5 /* of them are used, on average */
#define OV_BUCKET_NEAR 14
#define OV_BUCKET_REFS 28
#define OV_BUCKET_USED 56
#define OV_BUCKET_MORE 57

/* How far from an atom's start a byte near it may be. */
#define OV_NEAR_MIN (-56)
#define OV_NEAR_MAX 120

#define OV_REF_LIST 0x80000000u

/* Which of n buckets a hash begins at. */
static inline uint64_t ov_bucket_of(uint64_t hash, uint64_t n)
{
    return (hash >> 32) * n >> 32;
}
