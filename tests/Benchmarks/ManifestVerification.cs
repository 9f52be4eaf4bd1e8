using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Benchmarks;

/// <summary>
/// What it costs to verify a manifest with two ESP256 signatures, from its bytes, beside the two ECDSA verifications in it. Both are run by turns, so
/// that whatever else the machine does meets both; the ratio of the medians is what counts.
/// </summary>
internal static class ManifestVerification
{
    private const int Rounds = 400, BatchSize = 10;

    // The runtime compiles what is hot a second time, in the background; what is measured is the agent that runs for weeks.
    private const int WarmUp = 1000;

    private const double MostAllowed = 1.5;

    public static int Run()
    {
        SoftwareKey[] keys = [SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP256()];
        ReleaseAnchors anchors = ReleaseAnchors.Classical(new RoleKeys(keys.Select(static key => key.PublicKey), 2));
        SignedEnvelope signed = SampleRelease.Create().SignedBy(keys);
        byte[] envelope = signed.Bytes.ToArray();
        (ECDsa Key, byte[] Message, byte[] Signature)[] bare = [.. keys.Select(key => Bare(key, signed.ToBeSigned(key.PublicKey)))];

        List<double> whole = [], alone = [];
        for (int round = 0; round < WarmUp + Rounds; round++)
        {
            double first = Measure(() => _ = VerifiedManifest.Verify(SignedEnvelope.Decode(envelope).OrThrow(), anchors).OrThrow());
            double second = Measure(() => Array.ForEach(bare, static item => Demand(item.Key.VerifyData(item.Message, item.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))));
            if (round >= WarmUp)
            {
                whole.Add(first);
                alone.Add(second);
            }
        }

        double manifest = Median(whole), ecdsa = Median(alone), ratio = manifest / ecdsa;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"manifest of {envelope.Length} bytes with two ESP256 signatures: {manifest:0.0} us, decoded and verified"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"two bare ECDSA verifications on P-256: {ecdsa:0.0} us"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio: {ratio:0.00} (at most {MostAllowed:0.0}), medians of {Rounds} interleaved runs"));
        return ratio <= MostAllowed ? 0 : 1;
    }

    private static (ECDsa Key, byte[] Message, byte[] Signature) Bare(SoftwareKey key, byte[] message)
    {
        ECDsa ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(key.PublicKey.SubjectPublicKeyInfo.Span, out _);
        return (ecdsa, message, key.Sign(message));
    }

    private static void Demand(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("a signature that was just made does not verify");
        }
    }

    private static double Measure(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < BatchSize; i++)
        {
            action();
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / BatchSize;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
