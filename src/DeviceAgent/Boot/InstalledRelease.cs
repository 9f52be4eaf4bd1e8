using System.Text.Json;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Boot;

/// <summary>Which release it is: what a device remembers and reports of one.</summary>
/// <param name="ManifestDigest">Its identity.</param>
/// <param name="Sequence">Its sequence number.</param>
/// <param name="Version">Its version for people.</param>
/// <param name="SecurityVersion">Its security version.</param>
public sealed record InstalledRelease(Sha256Digest ManifestDigest, SequenceNumber Sequence, ReleaseVersion Version, SecurityVersion SecurityVersion)
{
    /// <summary>The release that a verified manifest describes.</summary>
    public static InstalledRelease Of(VerifiedManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return new(manifest.Digest, manifest.Content.Sequence, manifest.Content.ReleaseVersion, manifest.Content.SecurityVersion);
    }

    internal static InstalledRelease Read(JsonElement json) => new(
        Sha256Digest.Parse(json.RequiredText("manifest_digest")),
        new SequenceNumber(json.GetProperty("sequence").GetUInt64()),
        ReleaseVersion.Parse(json.RequiredText("version")),
        new SecurityVersion(json.GetProperty("security_version").GetUInt32()));

    internal void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("manifest_digest", ManifestDigest.ToString());
        json.WriteNumber("sequence", Sequence.Value);
        json.WriteString("version", Version.ToString());
        json.WriteNumber("security_version", SecurityVersion.Value);
        json.WriteEndObject();
    }
}
