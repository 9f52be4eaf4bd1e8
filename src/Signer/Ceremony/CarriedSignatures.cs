using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>
/// What a keyholder's machine sends back: signatures by one key, and nothing that has to be believed. JSON, binary in base64.
/// </summary>
/// <param name="Version">1.</param>
/// <param name="Ceremony">SHA-256 of the ceremony's file.</param>
/// <param name="Change">The digest of the change.</param>
/// <param name="KeyId">The key.</param>
/// <param name="Statement">Its signature over <see cref="CeremonyStatement"/>, as the token made it.</param>
/// <param name="Roles">Its signature over each role, as metadata has it, by the role's name.</param>
/// <param name="Envelopes">Envelopes that bear its signature, by path.</param>
/// <param name="Possession">Its signature over <see cref="KeyPossession"/>; null, and not written, if it is not new to the role.</param>
internal sealed record CarriedSignatures(
    int Version,
    string Ceremony,
    string Change,
    string KeyId,
    byte[] Statement,
    IReadOnlyDictionary<string, byte[]> Roles,
    IReadOnlyDictionary<string, byte[]> Envelopes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] byte[]? Possession = null)
{
    /// <summary>Longest document in bytes: some hundreds of envelopes.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];

    /// <exception cref="SignerRefusalException">It is no such document.</exception>
    public static CarriedSignatures Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            CarriedSignatures read = JsonSerializer.Deserialize<CarriedSignatures>(json, s_options) ?? throw new JsonException("wanted an object, got null");
            return read.Version == 1 ? read : throw new JsonException($"version: wanted 1, got {read.Version}");
        }
        catch (JsonException e)
        {
            throw new SignerRefusalException($"signatures: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Gathers what a key signed of a draft.</summary>
    public static CarriedSignatures Of(HomeFolder folder, ChangeDraft draft, VerificationKey key)
    {
        CeremonyStatement statement = new ChangeParties(folder, draft).Statement(key);
        MetadataKeyId id = MetadataKeyId.Of(key);
        return new CarriedSignatures(
            1,
            statement.Ceremony,
            $"{draft.Proposal.Digest}",
            $"{key.Id}",
            statement.Read(folder)!,
            draft.Roles.Select(role => (role.Name, Signature: draft.Role(role).Signatures.FirstOrDefault(signature => signature.Key == id)))
                .Where(static role => role.Signature is not null)
                .ToDictionary(static role => role.Name, static role => role.Signature!.Signature.ToArray(), StringComparer.Ordinal),
            draft.Change.Envelopes.Select(changed => (changed.Path, Envelope: draft.Envelope(changed.Path)))
                .Where(changed => changed.Envelope?.IsSignedBy(key) == true)
                .ToDictionary(static changed => changed.Path, static changed => changed.Envelope!.Bytes.ToArray(), StringComparer.Ordinal),
            draft.Possessions.FirstOrDefault(possession => possession.Key.Equals(key)) is { } possession ? draft.ReadPossession(possession) : null);
    }
}
