using System.Globalization;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Suit;

namespace Fota.Cli.Manifests;

/// <summary>An envelope as JSON, for people and scripts: who claims to have signed it, what it says in our profile, and all that is in it.</summary>
internal static class EnvelopeJson
{
    public static void Print(ReadOnlyMemory<byte> bytes)
    {
        SuitDocument document = SuitDocument.Decode(bytes.Span).OrThrow();
        Verdict<UpdateManifest> profile = Verdict.Of(() => SignedEnvelope.Decode(bytes.Span).OrThrow().UnverifiedContent().OrThrow());
        Output.Json(json =>
        {
            json.WriteStartObject();
            json.WriteString("digest", Convert.ToHexStringLower(document.Digest.Value.Span));
            json.WriteBoolean("digest_matches_manifest", document.DigestMatches);
            WriteSignatures(json, document);
            if (profile.IsAccepted(out UpdateManifest? manifest, out Rejection? rejection))
            {
                Write(json, manifest);
            }
            else
            {
                json.WriteString("outside_profile", rejection.ToString());
            }

            DocumentJson.Write(json, document);
            json.WriteEndObject();
        });
    }

    private static void WriteSignatures(Utf8JsonWriter json, SuitDocument document)
    {
        json.WriteStartArray("signatures");
        foreach (CoseMessage block in document.Authentication)
        {
            json.WriteStartObject();
            json.WriteString("kind", $"COSE_{block.Kind}");
            json.WriteString("key_id", block.ClaimedKeyId is { } id ? Convert.ToHexStringLower(id.Span) : null);
            json.WriteString("algorithm", NameOf(block.ClaimedAlgorithm));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, UpdateManifest manifest)
    {
        json.WriteNumber("sequence", manifest.Sequence.Value);
        json.WriteString("release_version", manifest.ReleaseVersion.ToString());
        json.WriteNumber("security_version", manifest.SecurityVersion.Value);
        json.WriteString("installable_from", manifest.InstallableFrom.ToString());
        json.WriteStartArray("gate_override");
        foreach (GateKind gate in manifest.GateOverride.Gates)
        {
            json.WriteStringValue(gate.Name());
        }

        json.WriteEndArray();
        if (manifest.SbomDigest is { } sbom)
        {
            json.WriteString("sbom_digest", sbom.ToString());
        }

        json.WriteString("vendor_id", manifest.VendorId);
        json.WriteString("class_id", manifest.ClassId);
        if (manifest.DeviceId is Guid device)
        {
            json.WriteString("device_id", device);
        }

        json.WriteStartObject("text");
        foreach ((string language, string description) in manifest.Text?.Descriptions ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            json.WriteString(language, description);
        }

        json.WriteEndObject();
        json.WriteStartArray("components");
        foreach (UpdateComponent component in manifest.Components)
        {
            switch (component.Images)
            {
                case ComponentImages.PerSlot each:
                    Write(json, component.Id, "A", each.A);
                    Write(json, component.Id, "B", each.B);
                    break;
                case ComponentImages.ForBothSlots both:
                    Write(json, component.Id, "A, B", both.Image);
                    break;
                default:
                    throw new InvalidOperationException("the set of images is closed");
            }
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ComponentId id, string slots, ComponentImage image)
    {
        json.WriteStartObject();
        json.WriteString("id", id.ToString());
        json.WriteString("slots", slots);
        json.WriteString("image_digest", image.ImageDigest.ToString());
        json.WriteNumber("image_size", image.ImageSize);
        json.WriteString("uri", image.PackUri);
        json.WriteString("chunk_table_digest", image.ChunkTableDigest.ToString());
        json.WriteNumber("chunk_table_size", image.ChunkTableSize);
        json.WriteEndObject();
    }

    private static string NameOf(long? algorithm) => algorithm switch
    {
        null => "none",
        (long)SignatureAlgorithm.Esp256 => "ESP256 (-9)",
        -7 => "ES256 (-7)",
        (long)SignatureAlgorithm.Esp384 => "ESP384 (-51)",
        -35 => "ES384 (-35)",
        (long)SignatureAlgorithm.Ed25519 => "Ed25519 (-19)",
        -8 => "EdDSA (-8)",
        (long)SignatureAlgorithm.Ps256 => "PS256 (-37)",
        (long)SignatureAlgorithm.HssLms => "HSS-LMS (-46)",
        (long)SignatureAlgorithm.MlDsa44 => "ML-DSA-44 (-48)",
        (long)SignatureAlgorithm.MlDsa65 => "ML-DSA-65 (-49)",
        (long)SignatureAlgorithm.MlDsa87 => "ML-DSA-87 (-50)",
        5 => "HMAC 256/256 (5)",
        _ => string.Create(CultureInfo.InvariantCulture, $"unsupported ({algorithm})"),
    };
}
