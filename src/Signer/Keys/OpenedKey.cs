using Fota.Interop.Cryptoki;
using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Keys;

/// <summary>A key of the home, on its token, found to be the key that the ceremony made.</summary>
internal sealed class OpenedKey : IDisposable
{
    private readonly ITokenModule _module;

    private OpenedKey(ITokenModule module, ICryptoToken token, ITokenKey key)
    {
        _module = module;
        Token = token;
        Key = key;
    }

    /// <summary>The token, logged in.</summary>
    public ICryptoToken Token { get; }

    /// <summary>The key.</summary>
    public ITokenKey Key { get; }

    /// <summary>Opens a key of the home; the rules on PINs are those of today and, while a change of roles is on its way, its as well.</summary>
    public static OpenedKey Open(SignerHost host, HomeFolder folder, string label, string? pinFile)
    {
        SignerSettings settings = folder.ReadSettings();
        if (Coming.Find(folder, settings) is { } proposed)
        {
            ReachablePins.Demand(proposed, settings.Key(label).Token, host.Variable);
        }

        return Open(host, settings, label, pinFile);
    }

    /// <summary>Opens the key with this label. The PIN is asked of file or environment once; a wrong one ends the command (A50).</summary>
    public static OpenedKey Open(SignerHost host, SignerSettings settings, string label, string? pinFile)
    {
        KeySettings wanted = settings.Key(label);
        ReachablePins.Demand(settings, wanted.Token, host.Variable);
        using Pin pin = PinSource.Read(wanted.Token, pinFile, host.Variable);
        ITokenModule module = host.LoadModule(settings.Module);
        ICryptoToken? token = null;
        try
        {
            token = module.Open(wanted.Token, pin);
            return new OpenedKey(module, token, Find(token, wanted));
        }
        catch
        {
            token?.Dispose();
            module.Dispose();
            throw;
        }
    }

    /// <summary>Another key of the home on the same token, for which the same PIN is good.</summary>
    public ITokenKey Find(KeySettings wanted) => string.Equals(wanted.Token, Token.Label, StringComparison.Ordinal)
        ? Find(Token, wanted)
        : throw new SignerRefusalException($"key '{wanted.Label}' is on token '{wanted.Token}', and this process was given the PIN of token '{Token.Label}'");

    public void Dispose()
    {
        Token.Dispose();
        _module.Dispose();
    }

    private static ITokenKey Find(ICryptoToken token, KeySettings wanted)
    {
        if (!string.Equals(token.Serial, wanted.Serial, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"token '{wanted.Token}': wanted serial number {wanted.Serial}, got {token.Serial}");
        }

        ITokenKey key = token.FindKey(wanted.Label);
        if (!string.Equals(key.PublicKey.Id.ToString(), wanted.KeyId, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"key '{wanted.Label}' on token '{wanted.Token}': wanted key id {wanted.KeyId}, got {key.PublicKey.Id}");
        }

        DemandKept(key);
        return key;
    }

    /// <summary>Promise P7, as the token itself attests it.</summary>
    public static void DemandKept(ITokenKey key)
    {
        if (!key.IsSensitive || !key.IsNeverExtractable)
        {
            throw new SignerRefusalException($"key '{key.Label}' on token '{key.Token}': wanted a sensitive key that was never extractable, got sensitive {key.IsSensitive}, never extractable {key.IsNeverExtractable}");
        }
    }
}
