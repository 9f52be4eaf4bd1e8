using System.Text;
using Fota.Manifest.Envelope;

namespace Fota.TestKit.Fuzzing;

/// <summary>Every decoder that reads what others wrote.</summary>
public static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } = [.. EnvelopeTargets.All, .. ReportTargets.All, .. MetadataTargets.All, .. PackTargets.All, .. KeyTargets.All, .. LogTargets.All];

    /// <summary>The target that shows forgeries, with another verifier in the place of ours.</summary>
    public static FuzzTarget ForgedManifests(Func<SignedEnvelope, bool> isVerified) => EnvelopeTargets.Forged(isVerified);

    internal static IReadOnlyList<byte[]> Words(params IEnumerable<string> words) => [.. words.Select(Encoding.UTF8.GetBytes)];
}
