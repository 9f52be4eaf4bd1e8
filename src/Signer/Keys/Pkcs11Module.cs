using Fota.Interop.Cryptoki;
using Fota.Manifest.Keys;
using Fota.Signer.Journal;

namespace Fota.Signer.Keys;

/// <summary>Tokens of a PKCS#11 module, the only kind there is: SoftHSM2 by default, any HSM by configuration.</summary>
internal sealed class Pkcs11Module : ITokenModule
{
    private readonly CryptokiLibrary _library;

    private Pkcs11Module(CryptokiLibrary library) => _library = library;

    public static ITokenModule Load(string path) => Load(path, TimeProvider.System);

    /// <summary>Loads the module at <paramref name="path"/>.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="clock">What the pauses between looks for a token that is away are measured with.</param>
    public static ITokenModule Load(string path, TimeProvider clock) => new Pkcs11Module(CryptokiLibrary.Load(path, clock));

    public string Describe() => _library.Describe();

    public void InitializeToken(string label, Pin securityOfficerPin, Pin pin) => _library.InitializeToken(label, securityOfficerPin, pin);

    public ICryptoToken Open(string label, Pin pin) => new Pkcs11Token(Token.Open(_library, label, pin));

    public void Dispose() => _library.Dispose();

    private sealed class Pkcs11Token(Token token) : ICryptoToken
    {
        public string Label => token.Description.Label;

        public string Serial => token.Description.Serial;

        public ITokenKey FindKey(string label) => new Pkcs11Key(Label, token.FindKey(label));

        public IReadOnlyList<ITokenKey> FindKeys() => [.. token.FindKeys().Select(key => new Pkcs11Key(Label, key))];

        public ITokenKey GenerateKey(KeyAlgorithm algorithm, string label) => new Pkcs11Key(Label, token.GenerateKey(algorithm, label));

        public void FillRandom(Span<byte> destination) => token.FillRandom(destination);

        public void Dispose() => token.Dispose();
    }

    private sealed class Pkcs11Key(string token, TokenKey key) : ITokenKey
    {
        public string Token => token;

        public string Label => key.Label;

        public ReadOnlyMemory<byte> ObjectId => key.Id;

        public VerificationKey PublicKey { get; } = VerificationKey.FromSubjectPublicKeyInfo(key.SubjectPublicKeyInfo);

        public bool IsSensitive => key.IsSensitive;

        public bool IsNeverExtractable => key.IsNeverExtractable;

        public byte[] Sign(SigningIntent intent, ReadOnlySpan<byte> message)
        {
            intent.DemandFor(this, message);
            return key.Sign(message);
        }
    }
}
