using System.Text;
using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Home;

namespace Fota.Signer.Keys;

/// <summary>
/// What a keyholder's machine says of a key that was made there, under the key's own signature: JSON, the signature in base64 and COSE's form. That the key lies on the token which the card
/// names, and cannot leave it, is its keeper's word: tokens have no common way to prove it.
/// </summary>
/// <param name="Version">1.</param>
/// <param name="Label">The key's name.</param>
/// <param name="Token">The label of its token.</param>
/// <param name="Serial">The serial number of its token, 1 to 16 printable ASCII characters (PKCS#11, CK_TOKEN_INFO).</param>
/// <param name="PublicKey">Its public half, PEM.</param>
/// <param name="Signature">Its signature over <see cref="StatementOf"/>.</param>
internal sealed record KeyCard(int Version, string Label, string Token, string Serial, string PublicKey, byte[] Signature)
{
    /// <summary>Longest card in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    private const int MaxSerial = 16;

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Strict) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>What a new key signs. No role and no manifest begins like this.</summary>
    public static byte[] StatementOf(KeySettings key) => Encoding.ASCII.GetBytes($"Fota key {key.Label} on token {key.Token} ({key.Serial}): {key.KeyId}\n");

    public static KeyCard Of(KeySettings key, VerificationKey publicKey, byte[] signature) => new(1, key.Label, key.Token, key.Serial, publicKey.ToPem(), signature);

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, s_options), (byte)'\n'];

    /// <exception cref="SignerRefusalException">It is no such document.</exception>
    public static KeyCard Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            KeyCard read = JsonSerializer.Deserialize<KeyCard>(json, s_options) ?? throw new JsonException("wanted an object, got null");
            return read.Version == 1 ? read : throw new JsonException($"version: wanted 1, got {read.Version}");
        }
        catch (JsonException e)
        {
            throw new SignerRefusalException($"card: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>The key that the card is of.</summary>
    /// <param name="wanted">Its id, as its keeper said it by another way.</param>
    /// <exception cref="SignerRefusalException">It is of another key, has names that no home takes, or the key did not sign it.</exception>
    public (KeySettings Settings, VerificationKey Key) Verify(Sha256Digest wanted)
    {
        DemandName("label", Label);
        DemandName("token", Token);
        if (Serial.Length is < 1 or > MaxSerial || !Serial.All(static c => c is >= ' ' and <= '~'))
        {
            throw new SignerRefusalException($"card: serial: wanted 1 to {MaxSerial} printable characters of ASCII, got {Serial.Length} or others");
        }

        VerificationKey key = ReadKey();
        if (!string.Equals(key.Id.ToString(), wanted.ToString(), StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"card: wanted key {wanted}, got {key.Id}");
        }

        if (key.Algorithm is not (SignatureAlgorithm.Esp256 or SignatureAlgorithm.Esp384 or SignatureAlgorithm.Ed25519 or SignatureAlgorithm.Ps256))
        {
            throw new SignerRefusalException($"card: public_key: wanted an algorithm that tokens sign by here, got {key.Algorithm}");
        }

        KeySettings settings = new(Label, Token, Serial, key.Id.ToString());
        return key.IsSignatureOver(StatementOf(settings), Signature)
            ? (settings, key)
            : throw new SignerRefusalException("card: signature: wanted the key's own over the name, token and serial number of the card, got another");
    }

    private VerificationKey ReadKey()
    {
        try
        {
            return VerificationKey.FromPem(PublicKey);
        }
        catch (RejectedException e)
        {
            throw new SignerRefusalException($"card: public_key: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static void DemandName(string what, string name)
    {
        if (!SignerNames.IsName(name, SignerNames.MaxName))
        {
            throw new SignerRefusalException($"card: {what}: wanted 1 to {SignerNames.MaxName} of a-z, 0-9 and '-', got another name");
        }
    }
}
