using System.Collections.Concurrent;
using Fota.Manifest;

namespace Fota.UpdateServer.Devices;

/// <summary>
/// What many devices say in the same words, held once: a fleet of 100,000 runs a handful of releases. It has a bound, as what devices say has none; beyond it
/// each value stays its device's own.
/// </summary>
internal static class Vocabulary
{
    private const int Most = 8192;

    private static readonly ConcurrentDictionary<object, object> s_words = new();

    public static ProductName Of(ProductName product) => Same(product);

    public static ReleaseVersion Of(ReleaseVersion version) => Same(version);

    public static Sha256Digest Of(Sha256Digest digest) => Same(digest);

    private static T Same<T>(T word)
        where T : class, IEquatable<T> =>
        s_words.TryGetValue(word, out object? known) ? (T)known : s_words.Count < Most ? (T)s_words.GetOrAdd(word, word) : word;
}
