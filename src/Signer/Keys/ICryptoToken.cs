using Fota.Interop.Cryptoki;
using Fota.Manifest.Keys;
using Fota.Signer.Journal;

namespace Fota.Signer.Keys;

/// <summary>A PKCS#11 module: the way to tokens.</summary>
internal interface ITokenModule : IDisposable
{
    /// <summary>What the module says it is.</summary>
    string Describe();

    /// <summary>Gives a blank token a label and its PINs.</summary>
    void InitializeToken(string label, Pin securityOfficerPin, Pin pin);

    /// <summary>Logs in to a token. A wrong PIN is an exception and is never tried again.</summary>
    ICryptoToken Open(string label, Pin pin);
}

/// <summary>A token that this process is logged in to.</summary>
internal interface ICryptoToken : IDisposable
{
    /// <summary>Its label.</summary>
    string Label { get; }

    /// <summary>Its serial number, which tells it from another token of the same label.</summary>
    string Serial { get; }

    /// <summary>The one key with this label.</summary>
    ITokenKey FindKey(string label);

    /// <summary>Every key on it that this signer could sign with.</summary>
    IReadOnlyList<ITokenKey> FindKeys();

    /// <summary>Makes a key pair that is sensitive and can never be extracted.</summary>
    ITokenKey GenerateKey(KeyAlgorithm algorithm, string label);

    /// <summary>Fills the destination from the token's own generator.</summary>
    void FillRandom(Span<byte> destination);
}

/// <summary>A private key on a token (promise P7: it never leaves it).</summary>
internal interface ITokenKey
{
    /// <summary>The label of its token.</summary>
    string Token { get; }

    /// <summary>Its label.</summary>
    string Label { get; }

    /// <summary>CKA_ID.</summary>
    ReadOnlyMemory<byte> ObjectId { get; }

    /// <summary>Its public half.</summary>
    VerificationKey PublicKey { get; }

    /// <summary>CKA_SENSITIVE as the token reports it.</summary>
    bool IsSensitive { get; }

    /// <summary>CKA_NEVER_EXTRACTABLE as the token reports it.</summary>
    bool IsNeverExtractable { get; }

    /// <summary>
    /// Signs, in COSE's form. It takes the intent that stands in the journal, so that a signature without a row before it does not compile.
    /// </summary>
    byte[] Sign(SigningIntent intent, ReadOnlySpan<byte> message);
}
