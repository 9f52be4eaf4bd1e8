using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// The process's login to one token, shared by every <see cref="Token"/> on it. Its anchor session keeps the login alive, and its copy of
/// the PIN lets a lost login be made again without asking a person.
/// </summary>
internal sealed class TokenLogin(string label)
{
    private readonly Lock _gate = new();
    private SessionHandle? _anchor;
    private Pin? _pin;
    private int _users;
    private int _generation;

    /// <summary>Serialises key generation, so that two threads cannot both find a label free.</summary>
    public Lock Generating { get; } = new();

    /// <summary>Changes whenever sessions and object handles from before may be stale.</summary>
    public int Generation => Volatile.Read(ref _generation);

    public void Enter(CryptokiLibrary library, Pin pin)
    {
        lock (_gate)
        {
            library.ThrowIfRefused(label);
            if (_users > 0)
            {
                // The token checks no PIN while the process is logged in, so it is compared here; that burns no attempt either.
                if (!CryptographicOperations.FixedTimeEquals(_pin!.Bytes, pin.Bytes))
                {
                    throw new CryptokiException(
                        nameof(CK_FUNCTION_LIST.C_Login), new ReturnValue(Pkcs11.CKR_PIN_INCORRECT), "the token is open with another PIN");
                }
            }
            else
            {
                LogIn(library, pin);
                _pin = Pin.FromUtf8(pin.Bytes);
            }

            _users++;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _users--;
            if (_users == 0)
            {
                _anchor?.Dispose();
                _anchor = null;
                _pin?.Dispose();
                _pin = null;
                _generation++;
            }
        }
    }

    /// <summary>Makes the login good again after a call failed that began in <paramref name="generation"/>; one thread does it for all.</summary>
    public void Recover(CryptokiLibrary library, int generation)
    {
        lock (_gate)
        {
            if (_generation != generation)
            {
                return;
            }

            if (_anchor is not { } anchor || !anchor.IsLoggedIn())
            {
                _anchor?.Dispose();
                _anchor = null;
                LogIn(library, _pin ?? throw new ObjectDisposedException(nameof(Token)));
            }

            _generation++;
        }
    }

    private void LogIn(CryptokiLibrary library, Pin pin)
    {
        library.ThrowIfRefused(label);
        TokenDescription token = library.FindToken(label);
        if (token.IsUserPinLocked)
        {
            throw new CryptokiRefusalException(CryptokiRefusal.PinLocked, $"the PIN of token '{label}' is locked");
        }

        if (token.IsUserPinFinalTry)
        {
            throw new CryptokiRefusalException(
                CryptokiRefusal.PinFinalTry, $"one more wrong PIN would lock token '{label}'; log in by hand once to reset the count");
        }

        SessionHandle anchor = SessionHandle.Open(library.Module, token.SlotId);
        try
        {
            if (!anchor.LogIn(Pkcs11.CKU_USER, pin))
            {
                throw new CryptokiRefusalException(
                    CryptokiRefusal.LoggedInElsewhere, $"token '{label}' is logged in by other code of this process, so it checks no PIN");
            }

            _anchor = anchor;
        }
        catch (Exception e)
        {
            if (e is CryptokiException { Code.Recovery: Recovery.CredentialFailure })
            {
                library.Refuse(label);
            }

            anchor.Dispose();
            throw;
        }
    }
}
