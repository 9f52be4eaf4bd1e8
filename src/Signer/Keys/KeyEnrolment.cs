using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Log;

namespace Fota.Signer.Keys;

/// <summary>A key that is made after the first ceremony, here or where its keeper is. It speaks for no role until a change of roles, signed by others, says so.</summary>
internal sealed class KeyEnrolment(SignerHost host, HomeFolder folder, string label, string tokenLabel)
{
    /// <summary>Makes the key, has it prove itself, and records it; the card is for a home on another machine.</summary>
    /// <param name="algorithm">Its algorithm.</param>
    /// <param name="pinFile">The PIN of its token.</param>
    /// <param name="securityOfficerPinFile">For a token that is blank; null if it has its label and PIN.</param>
    /// <param name="cancellation">Stops the wait for the home.</param>
    public async Task<(KeySettings Key, KeyCard Card)> MakeAsync(KeyAlgorithm algorithm, string? pinFile, string? securityOfficerPinFile, CancellationToken cancellation)
    {
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        KeyRegister.DemandFree(home.Settings, label);
        ReachablePins.Demand(home.Settings, tokenLabel, host.Variable);
        using Pin pin = PinSource.Read(tokenLabel, pinFile, host.Variable);
        using ITokenModule module = host.LoadModule(home.Settings.Module);
        if (securityOfficerPinFile is not null)
        {
            using Pin securityOfficerPin = Pin.FromFile(securityOfficerPinFile);
            module.InitializeToken(tokenLabel, securityOfficerPin, pin);
        }

        using ICryptoToken token = module.Open(tokenLabel, pin);
        KeyRegister.DemandKnown(home.Settings, token.Label, token.Serial);
        ITokenKey key = FindOrMake(token, algorithm);
        OpenedKey.DemandKept(key);
        KeyRegister.DemandNew(home.Settings, label, key.PublicKey);

        // That the key signs is written down with the use of it (P8).
        KeySettings made = new(label, tokenLabel, token.Serial, key.PublicKey.Id.ToString());
        byte[] signature = home.Signer.Sign(key, SigningPurpose.NewKey, $"{label}, {algorithm}", KeyCard.StatementOf(made));

        _ = home.Log.Append(new LogEvent(LogKinds.KeyMade, label, $"{label} on token {tokenLabel}", ("algorithm", algorithm), ("token_serial", token.Serial), ("key_id", key.PublicKey.Id)));
        KeyRegister.Add(home, made, key.PublicKey);
        return (made, KeyCard.Of(made, key.PublicKey, signature));
    }

    /// <summary>Takes a key that was made on its keeper's machine, where its token is. It speaks for no role either.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="folder">The signer's home.</param>
    /// <param name="card">What the keeper's machine says of it.</param>
    /// <param name="keyId">Its id, as its keeper said it by another way.</param>
    /// <param name="cancellation">Stops the wait for the home.</param>
    /// <returns>The key; false beside it if the home knew just this one already.</returns>
    public static async Task<(KeySettings Key, bool IsNew)> TakeAsync(SignerHost host, HomeFolder folder, KeyCard card, Sha256Digest keyId, CancellationToken cancellation)
    {
        (KeySettings settings, VerificationKey key) = card.Verify(keyId);
        using SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation);
        if (home.Settings.Keys.Contains(settings))
        {
            return (settings, false);
        }

        KeyRegister.DemandFree(home.Settings, settings.Label);
        KeyRegister.DemandKnown(home.Settings, settings.Token, settings.Serial);
        KeyRegister.DemandNew(home.Settings, settings.Label, key);
        _ = home.Log.Append(new LogEvent(LogKinds.KeyTaken, settings.Label, $"{settings.Label} on token {settings.Token}", ("algorithm", key.Algorithm), ("token_serial", settings.Serial), ("key_id", key.Id)));
        KeyRegister.Add(home, settings, key);
        return (settings, true);
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
