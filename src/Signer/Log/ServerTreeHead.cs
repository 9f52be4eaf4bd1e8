using System.Text.Json;
using Fota.Manifest;

namespace Fota.Signer.Log;

/// <summary>What a server says of its log. Nothing of it is believed: that the tree has grown is proven, and the rest is for auditors to find.</summary>
/// <param name="Size">How many entries it has.</param>
/// <param name="Root">Its root hash.</param>
/// <param name="Proof">That it began as the tree that was asked for.</param>
internal sealed record ServerTreeHead(long Size, Sha256Digest Root, IReadOnlyList<Sha256Digest> Proof)
{
    /// <summary>Reads the answer of a server.</summary>
    /// <exception cref="SignerRefusalException">It is none.</exception>
    public static ServerTreeHead Read(Uri server, byte[] answer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer);
            JsonElement head = document.RootElement;
            long size = head.GetProperty("size").GetInt64();
            JsonElement proof = head.GetProperty("proof");
            if (size >= 0 && proof.GetArrayLength() <= Fota.Manifest.Log.LogLimits.ProofHashes)
            {
                return new ServerTreeHead(size, Hash(head.GetProperty("root")), [.. proof.EnumerateArray().Select(Hash)]);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new SignerRefusalException($"{server}: wanted the head of its log, got something else", e);
        }

        throw new SignerRefusalException($"{server}: wanted the head of its log, with at most {Fota.Manifest.Log.LogLimits.ProofHashes} hashes, got something else");
    }

    private static Sha256Digest Hash(JsonElement text) => Sha256Digest.TryParse(text.GetString(), out Sha256Digest? hash) ? hash : throw new FormatException("no hash");
}
