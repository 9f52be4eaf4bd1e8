using System.Text;
using Fota.Interop.Cryptoki;
using Fota.Interop.Posix;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Log;

namespace Fota.Signer.Keys;

/// <summary>A key that is made after the ceremony. It speaks for no role until a change of roles, signed by others, says so.</summary>
internal sealed class KeyEnrolment(SignerHost host, HomeFolder folder, string label, string tokenLabel)
{
    /// <summary>Makes the key, has it prove itself, and records it.</summary>
    /// <param name="algorithm">Its algorithm.</param>
    /// <param name="pinFile">The PIN of its token.</param>
    /// <param name="securityOfficerPinFile">For a token that is blank; null if it has its label and PIN.</param>
    /// <param name="cancellation">Stops the wait for the home.</param>
    public async Task<KeySettings> MakeAsync(KeyAlgorithm algorithm, string? pinFile, string? securityOfficerPinFile, CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        if (home.Settings.Keys.Any(key => string.Equals(key.Label, label, StringComparison.Ordinal)))
        {
            throw new SignerRefusalException($"this home has a key '{label}' already");
        }

        ReachablePins.Demand(home.Settings, tokenLabel, host.Variable);
        using Pin pin = PinSource.Read(tokenLabel, pinFile, host.Variable);
        using ITokenModule module = host.LoadModule(home.Settings.Module);
        if (securityOfficerPinFile is not null)
        {
            using Pin securityOfficerPin = Pin.FromFile(securityOfficerPinFile);
            module.InitializeToken(tokenLabel, securityOfficerPin, pin);
        }

        using ICryptoToken token = module.Open(tokenLabel, pin);
        DemandKnown(home.Settings, token);
        ITokenKey key = FindOrMake(token, algorithm);
        OpenedKey.DemandKept(key);
        if (home.Settings.Keys.FirstOrDefault(known => string.Equals(known.KeyId, key.PublicKey.Id.ToString(), StringComparison.Ordinal)) is { } twin)
        {
            throw new SignerRefusalException($"key '{label}' is key '{twin.Label}' under another name");
        }

        // No role and no manifest begins like this. That the key signs is written down with the use of it (P8).
        byte[] statement = Encoding.ASCII.GetBytes($"Fota key {label} on token {tokenLabel} ({token.Serial}): {key.PublicKey.Id}\n");
        _ = home.Signer.Sign(key, SigningPurpose.NewKey, $"{label}, {algorithm}", statement);

        _ = home.Log.Append(new LogEvent(LogKinds.KeyMade, label, $"{label} on token {tokenLabel}", ("algorithm", algorithm), ("token_serial", token.Serial), ("key_id", key.PublicKey.Id)));
        KeySettings made = new(label, tokenLabel, token.Serial, key.PublicKey.Id.ToString());
        DurableFile.Replace(folder.PublicKeyFile(label), Encoding.ASCII.GetBytes(key.PublicKey.ToPem()));
        DurableFile.Replace(folder.Settings, (home.Settings with { Keys = [.. home.Settings.Keys, made] }).ToJson());
        return made;
    }

    private static void DemandKnown(SignerSettings settings, ICryptoToken token)
    {
        if (settings.Keys.FirstOrDefault(key => string.Equals(key.Token, token.Label, StringComparison.Ordinal)) is { } known && !string.Equals(known.Serial, token.Serial, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"token '{token.Label}': wanted serial number {known.Serial}, got {token.Serial}");
        }
    }

    /// <summary>A key of this name that the home does not know was made by this command before, and the process ended before it was recorded (A48).</summary>
    private ITokenKey FindOrMake(ICryptoToken token, KeyAlgorithm algorithm)
    {
        try
        {
            return token.FindKey(label);
        }
        catch (CryptokiRefusalException e) when (e.Reason == CryptokiRefusal.KeyNotFound)
        {
            _ = token.GenerateKey(algorithm, label);
            return token.FindKey(label);
        }
    }
}
