using System.Diagnostics;
using System.Globalization;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Packs;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Benchmarks.FullPacks;

/// <summary>
/// How fast a full pack becomes proven chunks, on one thread and in this process, beside <c>zstd -d | sha256sum</c>, which has a thread for each.
/// Both read from the page cache, have the same level, and are run by turns.
/// </summary>
internal static class UnpackingSpeed
{
    private const int MiB = 1024 * 1024, ImageSize = 256 * MiB, Rounds = 9, WarmUp = 1;

    private const double LeastAllowed = 0.6;

    public static async Task<bool> IsWithinLimitAsync(string folder, CancellationToken cancellation)
    {
        string image = Path.Combine(folder, "usr.img"), pack = Path.Combine(folder, "usr.pack"), stream = Path.Combine(folder, "usr.zst");
        await RealContent.WriteAsync(image, ImageSize, cancellation);
        VerifiedChunkTable table = Pack(image, pack, cancellation);
        await MeasuredRun.OfAsync(folder, "zstd", ["-q", string.Create(CultureInfo.InvariantCulture, $"-{FullPackWriter.DefaultLevel}"), image, "-o", stream], cancellation);

        List<double> ours = [], peers = [];
        for (int round = 0; round < WarmUp + Rounds; round++)
        {
            double first = Unpack(pack, table), second = await UnpackByPeerAsync(folder, stream, table, cancellation);
            if (round >= WarmUp)
            {
                ours.Add(first);
                peers.Add(second);
            }
        }

        double speed = ImageSize / (double)MiB / Median(ours), peer = ImageSize / (double)MiB / Median(peers), ratio = speed / peer;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"full pack of {ImageSize / MiB} MiB, level {FullPackWriter.DefaultLevel}: {speed:0} MiB/s decompressed and proven"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"zstd -d | sha256sum, the same level: {peer:0} MiB/s"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio of speed: {ratio:0.00} (at least {LeastAllowed:0.0}), medians of {Rounds} interleaved runs"));
        return ratio >= LeastAllowed;
    }

    private static VerifiedChunkTable Pack(string image, string pack, CancellationToken cancellation)
    {
        using FileStream source = File.OpenRead(image), output = File.Create(pack);
        (ChunkTable table, Sha256Digest digest) = ChunkTable.Build(source, ChunkTable.LinuxChunkSize);
        source.Position = 0;
        FullPackWriter.Write(source, table, digest, output, cancellation: cancellation);
        byte[] encoded = table.Encode();
        ComponentImage described = new()
        {
            ImageDigest = digest,
            ImageSize = table.ImageSize,
            PackUri = $"packs/{digest}",
            ChunkTableDigest = Sha256Digest.Of(encoded),
            ChunkTableSize = encoded.Length,
        };
        return VerifiedChunkTable.Verify(Listed(described), encoded).OrThrow();
    }

    private static ListedImage Listed(ComponentImage image)
    {
        SoftwareKey key = SoftwareKey.EcdsaP256();
        SampleRelease release = SampleRelease.Create(change: manifest => manifest with { Components = [new UpdateComponent(ComponentId.Main, new ComponentImages.ForBothSlots(image))] });
        ReleaseAnchors anchors = ReleaseAnchors.Classical(new RoleKeys([key.PublicKey], 1));
        return VerifiedManifest.Verify(SignedEnvelope.Decode(release.SignedBy(key).Bytes.Span).OrThrow(), anchors).OrThrow().Images[0];
    }

    private static double Unpack(string path, VerifiedChunkTable table)
    {
        long began = Stopwatch.GetTimestamp();
        using FileStream pack = File.OpenRead(path);
        byte[] head = new byte[PackIndex.SizeFor(table.Table)];
        pack.ReadExactly(head);
        PackIndex index = PackIndex.Decode(head, table).OrThrow();
        using PackReader reader = PackReader.OfFull(table, index);
        byte[] frame = new byte[reader.MaxLength];
        while (!reader.IsAtEnd)
        {
            Span<byte> bytes = frame.AsSpan(0, reader.NextLength);
            pack.ReadExactly(bytes);
            _ = reader.Read(bytes).OrThrow();
        }

        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<double> UnpackByPeerAsync(string folder, string stream, VerifiedChunkTable table, CancellationToken cancellation)
    {
        MeasuredRun run = await MeasuredRun.OfAsync(folder, "sh", ["-c", $"zstd -q -d -c '{stream}' | sha256sum"], cancellation);
        string wanted = table.Image.Content.ImageDigest.ToString();
        return run.Output.StartsWith(wanted, StringComparison.Ordinal)
            ? run.Time.TotalSeconds
            : throw new ToolFailedException($"zstd -d | sha256sum: wanted {wanted}, got {run.Output.Trim()}");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
