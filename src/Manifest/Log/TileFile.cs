namespace Fota.Manifest.Log;

/// <summary>Reads single tiles and bundles, and takes the full one where the partial one is gone: a log may delete it then (C2SP tlog-tiles, "Partial Tiles").</summary>
internal static class TileFile
{
    /// <summary>The hashes of a tile.</summary>
    /// <exception cref="RejectedException">It is not there, or has another length.</exception>
    public static Sha256Digest[] ReadHashes(ITileSource source, TileAddress tile)
    {
        (byte[] bytes, int width) = Read(source, tile);
        if (bytes.Length != width * Sha256Digest.Size)
        {
            throw new RejectedException(RejectionReason.LengthMismatch, $"{tile.Path}: wanted {width * Sha256Digest.Size} bytes, got {bytes.Length}");
        }

        return Split(bytes, tile.Width);
    }

    /// <summary>The entries of a bundle.</summary>
    /// <exception cref="RejectedException">It is not there, or is no bundle of that width.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> ReadEntries(ITileSource source, TileAddress bundle)
    {
        (byte[] bytes, int width) = Read(source, bundle);
        try
        {
            IReadOnlyList<ReadOnlyMemory<byte>> entries = EntryBundle.Decode(bytes, width);
            return width == bundle.Width ? entries : [.. entries.Take(bundle.Width)];
        }
        catch (RejectedException e)
        {
            // A bundle does not know where it lies, and people have to find it.
            throw new RejectedException(e.Rejection.Reason, $"{bundle.Path}: {e.Rejection.Detail}");
        }
    }

    /// <summary>The first hashes of a tile's bytes, which are long enough.</summary>
    public static Sha256Digest[] Split(ReadOnlySpan<byte> bytes, int width)
    {
        Sha256Digest[] hashes = new Sha256Digest[width];
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i] = Sha256Digest.FromBytes(bytes.Slice(i * Sha256Digest.Size, Sha256Digest.Size));
        }

        return hashes;
    }

    /// <summary>The bytes of a tile of these hashes.</summary>
    public static byte[] Write(IReadOnlyList<Sha256Digest> hashes)
    {
        byte[] tile = new byte[hashes.Count * Sha256Digest.Size];
        for (int i = 0; i < hashes.Count; i++)
        {
            hashes[i].Bytes.CopyTo(tile.AsSpan(i * Sha256Digest.Size));
        }

        return tile;
    }

    private static (byte[] Bytes, int Width) Read(ITileSource source, TileAddress wanted)
    {
        TileAddress found = wanted;
        byte[]? bytes = source.Read(wanted.Path, wanted.MaxBytes);
        if (bytes is null && !wanted.IsFull)
        {
            found = wanted.Full;
            bytes = source.Read(found.Path, found.MaxBytes);
        }

        if (bytes is null)
        {
            throw new RejectedException(RejectionReason.LogIncomplete, $"{wanted.Path}: wanted it, got no such file");
        }

        return bytes.Length <= found.MaxBytes
            ? (bytes, found.Width)
            : throw new RejectedException(RejectionReason.LimitExceeded, $"{found.Path}: wanted at most {found.MaxBytes} bytes, got more");
    }
}
