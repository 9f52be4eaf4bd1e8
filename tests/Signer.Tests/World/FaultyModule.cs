using Fota.Interop.Cryptoki;
using Fota.Manifest.Keys;
using Fota.Signer.Journal;
using Fota.Signer.Keys;

namespace Fota.Signer.Tests;

/// <summary>A real module whose keys do what a test says when they should sign.</summary>
internal sealed class FaultyModule(ITokenModule real, Func<Func<byte[]>, byte[]> sign, bool isExtractable = false) : ITokenModule
{
    public string Describe() => real.Describe();

    public void InitializeToken(string label, Pin securityOfficerPin, Pin pin) => real.InitializeToken(label, securityOfficerPin, pin);

    public ICryptoToken Open(string label, Pin pin) => new FaultyToken(this, real.Open(label, pin));

    public void Dispose() => real.Dispose();

    private sealed class FaultyToken(FaultyModule module, ICryptoToken token) : ICryptoToken
    {
        public string Label => token.Label;

        public string Serial => token.Serial;

        public IReadOnlyList<ITokenKey> FindKeys() => [.. token.FindKeys().Select(key => new FaultyKey(module, key))];

        public ITokenKey FindKey(string label) => new FaultyKey(module, token.FindKey(label));

        public ITokenKey GenerateKey(KeyAlgorithm algorithm, string label) => new FaultyKey(module, token.GenerateKey(algorithm, label));

        public void FillRandom(Span<byte> destination) => token.FillRandom(destination);

        public void Dispose() => token.Dispose();
    }

    private sealed class FaultyKey(FaultyModule module, ITokenKey key) : ITokenKey
    {
        private readonly FaultyModule _module = module;

        public string Token => key.Token;

        public string Label => key.Label;

        public ReadOnlyMemory<byte> ObjectId => key.ObjectId;

        public VerificationKey PublicKey => key.PublicKey;

        public bool IsSensitive => key.IsSensitive;

        public bool IsNeverExtractable => key.IsNeverExtractable && !_module.Extractable;

        public byte[] Sign(SigningIntent intent, ReadOnlySpan<byte> message)
        {
            byte[] copy = message.ToArray();
            return _module.Do(() => key.Sign(intent, copy));
        }
    }

    private bool Extractable => isExtractable;

    private byte[] Do(Func<byte[]> real) => sign(real);
}
