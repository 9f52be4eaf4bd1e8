using System.Net.Http.Headers;
using System.Text;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// What the server called the timestamp that is stored (its entity tag), so that an unchanged one is not sent again. A hint, bound to the stored file by its digest: with a
/// false one the device goes on with metadata that it verified itself, as a server that withholds the newest could have it anyway (A03).
/// </summary>
internal sealed class TimestampTag(IDurableStore store)
{
    private const string FileName = MetadataRefresh.AgentFolder + "timestamp.etag";
    private const int MaxLength = 128;

    /// <summary>The tag of <paramref name="timestamp"/>; null when none is known.</summary>
    public EntityTagHeaderValue? Of(ReadOnlySpan<byte> timestamp)
    {
        string[] said = Encoding.ASCII.GetString(store.Read(FileName) ?? []).Split(' ', 2);
        return said is [string digest, string tag] && digest == Sha256Digest.Of(timestamp).ToString() && EntityTagHeaderValue.TryParse(tag, out EntityTagHeaderValue? parsed) ? parsed : null;
    }

    /// <summary>Remembers the tag of a timestamp that was stored.</summary>
    public void Keep(ReadOnlySpan<byte> timestamp, string? tag)
    {
        if (tag is { Length: <= MaxLength })
        {
            store.Replace(FileName, Encoding.ASCII.GetBytes($"{Sha256Digest.Of(timestamp)} {tag}"));
        }
    }
}
