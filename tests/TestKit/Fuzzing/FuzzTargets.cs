using System.Text;

namespace Fota.TestKit.Fuzzing;

/// <summary>Every decoder that reads what others wrote.</summary>
public static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } = [.. EnvelopeTargets.All, .. ReportTargets.All, .. MetadataTargets.All, .. PackTargets.All, .. KeyTargets.All];

    internal static IReadOnlyList<byte[]> Words(params IEnumerable<string> words) => [.. words.Select(Encoding.UTF8.GetBytes)];
}
