using System.Numerics;
using System.Runtime.InteropServices;

namespace Fota.Manifest.Packs;

/// <summary>
/// Finds where in the base image a few bytes of the new one stand: sampled fingerprints of 16 bytes, chosen by content, so that both images choose alike
/// wherever the bytes lie. The larger the base, the sparser the samples: the index has a fixed bound.
/// </summary>
internal sealed class FingerprintIndex
{
    /// <summary>Bytes that a fingerprint is of.</summary>
    public const int Window = 16;

    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private const int Shift = 64 / Window, MinSampleBits = 2, MaxSamples = 8 << 20, BucketSize = 4;
    private const int PositionBits = 35; // of an image of 16 GiB, plus one
    private const int Block = 1024 * 1024;

    private static readonly ulong[] s_gear = MakeGear();

    private readonly ulong[] _slots;
    private readonly int _sampleBits;

    /// <summary>Reads the base once from end to end.</summary>
    public FingerprintIndex(IRandomAccessImage baseImage, CancellationToken cancellation)
    {
        for (_sampleBits = MinSampleBits; baseImage.Length >> _sampleBits > MaxSamples;)
        {
            _sampleBits++;
        }

        int samples = (int)(baseImage.Length >> _sampleBits);
        _slots = new ulong[Math.Max(1024, BitOperations.RoundUpToPowerOf2((uint)samples))];
        byte[] buffer = new byte[Window + Block];
        List<Sample> found = [];
        for (long at = 0; at < baseImage.Length; at += Block)
        {
            cancellation.ThrowIfCancellationRequested();
            int before = (int)Math.Min(Window, at), length = before + (int)Math.Min(Block, baseImage.Length - at);
            baseImage.Read(at - before, buffer.AsSpan(0, length));
            Find(buffer.AsSpan(0, length), found);
            foreach (Sample sample in CollectionsMarshal.AsSpan(found))
            {
                Insert(sample.Key, at - before + sample.At);
            }
        }
    }

    /// <summary>The sampled places of <paramref name="bytes"/>; a place is that of a window's last byte.</summary>
    public void Find(ReadOnlySpan<byte> bytes, List<Sample> samples)
    {
        samples.Clear();
        ulong hash = 0, last = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            ulong key = unchecked(((hash = (hash << Shift) + s_gear[bytes[i]]) * Multiplier));

            // A run of one byte would give a sample at each place of it, none of which says more than the first.
            if (key >> (64 - _sampleBits) == 0 && i >= Window && key != last)
            {
                samples.Add(new Sample(i, key));
                last = key;
            }
        }
    }

    /// <summary>Calls <paramref name="found"/> with each place of the base that has this fingerprint, a few at the most.</summary>
    public void Lookup(ulong key, Action<long> found)
    {
        ulong check = key << PositionBits;
        foreach (ulong slot in Bucket(key))
        {
            if (slot != 0 && (slot >> PositionBits << PositionBits) == check)
            {
                found((long)(slot & ((1UL << PositionBits) - 1)) - 1);
            }
        }
    }

    private static ulong[] MakeGear()
    {
        ulong[] gear = new ulong[256];
        for (int i = 0; i < gear.Length; i++)
        {
            unchecked
            {
                ulong x = ((ulong)i + 1) * Multiplier;
                x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9;
                gear[i] = x ^ (x >> 32);
            }
        }

        return gear;
    }

    private void Insert(ulong key, long position)
    {
        foreach (ref ulong slot in Bucket(key))
        {
            if (slot == 0)
            {
                slot = (key << PositionBits) | (ulong)(position + 1);
                return;
            }
        }
    }

    // The key's top bits are zero in every sample; its middle chooses the bucket, its low bits check.
    private Span<ulong> Bucket(ulong key) => _slots.AsSpan((int)((key >> 29) & (ulong)((_slots.Length / BucketSize) - 1)) * BucketSize, BucketSize);
}

/// <summary>A fingerprint and where it stands.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Sample(int At, ulong Key);
