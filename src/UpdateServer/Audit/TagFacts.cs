using System.Text;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Log;

namespace Fota.UpdateServer.Audit;

/// <summary>Tags as facts of an entry: each fact a JSON array that is whole, and all of them within what an entry can hold, whatever the tags are.</summary>
internal static class TagFacts
{
    /// <summary>Bytes of one list in the entry: with the other list, and all else that it says, an entry stays below <see cref="LogLimits.OwnEntryBytes"/>.</summary>
    public const int MostBytes = 4096;

    /// <summary>The facts of a list. Of one that is too long, the first tags, how many more there are, and the digest of the JSON array of all of them.</summary>
    /// <param name="name">What the facts are called: _1, _2 and so on follow.</param>
    /// <param name="tags">The list.</param>
    public static IEnumerable<(string Name, object? Value)> Of(string name, IEnumerable<string> tags)
    {
        string[] all = [.. tags.Order(StringComparer.Ordinal)], written = [.. all.Select(static t => JsonSerializer.Serialize(t, LogText.Json))];
        int room = MostBytes, count = written.TakeWhile(json => (room -= BytesOf(json)) >= 0).Count(), facts = 0;
        for (int next = 0; next < count;)
        {
            int length = "[]".Length, some = written[next..count].TakeWhile(json => (length += json.Length + 1) <= LogEntry.FactLength).Count();
            yield return ($"{name}_{++facts}", $"[{string.Join(',', written.Skip(next).Take(some))}]");
            next += some;
        }

        if (count < all.Length)
        {
            yield return ($"{name}_more", all.Length - count);
            yield return ($"{name}_sha256", Sha256Digest.Of(JsonSerializer.SerializeToUtf8Bytes(all, LogText.Json)));
        }
    }

    /// <summary>A fact is text inside of JSON: quotes and backslashes are two bytes there.</summary>
    private static int BytesOf(string json) => Encoding.UTF8.GetByteCount(json) + json.Count(static c => c is '"' or '\\') + 1;
}
