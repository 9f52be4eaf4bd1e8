using System.Buffers;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.Signer.Ceremony;

/// <summary>What a ceremony did, for those who were not there: JSON that the root keys sign, and whose SHA-256 the witnesses write down.</summary>
internal sealed class CeremonyTranscript
{
    public required Sha256Digest Plan { get; init; }

    public required string Module { get; init; }

    public required DateTimeOffset Started { get; init; }

    public required DateTimeOffset Finished { get; init; }

    public required IReadOnlyList<MadeKey> Keys { get; init; }

    /// <summary>SHA-256 of each file that the ceremony left, by its path in the home.</summary>
    public required IReadOnlyDictionary<string, Sha256Digest> Files { get; init; }

    public byte[] ToJson()
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", 1);
            writer.WriteString("planSha256", Plan.ToString());
            writer.WriteString("module", Module);
            writer.WriteString("started", Started);
            writer.WriteString("finished", Finished);
            writer.WriteStartArray("tokens");
            foreach (IGrouping<(string Token, string Serial), MadeKey> token in Keys.GroupBy(static key => (key.Token, key.Serial)))
            {
                writer.WriteStartObject();
                writer.WriteString("label", token.Key.Token);
                writer.WriteString("serial", token.Key.Serial);
                WriteKeys(writer, token);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartObject("files");
            foreach ((string path, Sha256Digest digest) in Files)
            {
                writer.WriteString(path, digest.ToString());
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return [.. output.WrittenSpan, (byte)'\n'];
    }

    private static void WriteKeys(Utf8JsonWriter writer, IEnumerable<MadeKey> keys)
    {
        writer.WriteStartArray("keys");
        foreach (MadeKey key in keys)
        {
            writer.WriteStartObject();
            writer.WriteString("label", key.Label);
            writer.WriteString("objectId", Convert.ToHexStringLower(key.ObjectId.Span));
            writer.WriteString("algorithm", key.PublicKey.Algorithm.ToString());
            writer.WriteString("keyId", key.PublicKey.Id.ToString());
            writer.WriteString("publicKey", key.PublicKey.ToPem());
            writer.WriteBoolean("sensitive", key.IsSensitive);
            writer.WriteBoolean("neverExtractable", key.IsNeverExtractable);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

/// <summary>A key that was made, with its attributes as the token reported them afterwards.</summary>
internal sealed record MadeKey(string Token, string Serial, string Label, ReadOnlyMemory<byte> ObjectId, VerificationKey PublicKey, bool IsSensitive, bool IsNeverExtractable);
