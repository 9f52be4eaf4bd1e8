using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;

namespace Fota.Cli.Manifests;

/// <summary>An envelope as JSON, for people and scripts.</summary>
internal static class EnvelopeJson
{
    public static void Print(SignedEnvelope envelope) => Output.Json(json =>
    {
        json.WriteStartObject();
        json.WriteString("digest", envelope.ClaimedDigest.ToString());
        json.WriteBoolean("digest_matches_manifest", envelope.DigestMatches);
        json.WriteStartArray("signatures");
        foreach (CoseMessage signature in envelope.Signatures)
        {
            json.WriteStartObject();
            json.WriteString("key_id", signature.ClaimedKeyId is { } id ? Convert.ToHexStringLower(id.Span) : null);
            json.WriteString("algorithm", NameOf(signature.ClaimedAlgorithm));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (envelope.UnverifiedContent().IsAccepted(out UpdateManifest? manifest, out Rejection? rejection))
        {
            Write(json, manifest);
        }
        else
        {
            json.WriteString("outside_profile", rejection.ToString());
        }

        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, UpdateManifest manifest)
    {
        json.WriteNumber("sequence", manifest.Sequence.Value);
        json.WriteString("release_version", manifest.ReleaseVersion.ToString());
        json.WriteNumber("security_version", manifest.SecurityVersion.Value);
        json.WriteString("vendor_id", manifest.VendorId);
        json.WriteString("class_id", manifest.ClassId);
        if (manifest.DeviceId is Guid device)
        {
            json.WriteString("device_id", device);
        }

        json.WriteStartArray("components");
        json.WriteStartObject();
        json.WriteStartArray("id");
        json.WriteStringValue("00");
        json.WriteEndArray();
        json.WriteString("image_digest", manifest.ImageDigest.ToString());
        json.WriteNumber("image_size", manifest.ImageSize);
        json.WriteString("uri", manifest.PackUri);
        json.WriteString("chunk_table_digest", manifest.ChunkTableDigest.ToString());
        json.WriteNumber("chunk_table_size", manifest.ChunkTableSize);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static string NameOf(long? algorithm) => algorithm switch
    {
        (long)SignatureAlgorithm.Esp256 => "ESP256 (-9)",
        (long)SignatureAlgorithm.Ed25519 => "Ed25519 (-19)",
        _ => $"unsupported ({algorithm})",
    };
}
