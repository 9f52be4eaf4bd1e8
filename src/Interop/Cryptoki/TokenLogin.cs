using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// The process's login to one token, shared by every <see cref="Token"/> on it. Its anchor session keeps the login alive, and its copy of
/// the PIN lets a lost login be made again without asking a person. One thread makes good for all what was lost.
/// </summary>
internal sealed class TokenLogin(string label)
{
    private readonly Lock _gate = new();
    private CircuitBreaker _breaker = new(TimeProvider.System);
    private TokenGeneration? _generation;
    private SessionHandle? _anchor;
    private Pin? _pin;
    private TokenDescription? _token;
    private bool _isInDoubt;
    private bool _isRefused;
    private int _users;

    /// <summary>Serialises key generation, so that two threads cannot both find a label free.</summary>
    public Lock Generating { get; } = new();

    /// <summary>Logs in for another user of the login; gives what the token said of itself when the first one logged in.</summary>
    public TokenDescription Enter(CryptokiLibrary library, Pin pin)
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
                // What was tried a moment ago holds for who opens the token anew, too.
                _breaker = _breaker.Clock == library.Clock ? _breaker : new CircuitBreaker(library.Clock);
                _isRefused = false;
                LogInFirst(library, pin);
                _pin = Pin.FromUtf8(pin.Bytes);
            }

            _users++;
            return _token!;
        }
    }

    /// <summary>Takes one user off; the last one logs out and has the PIN forgotten.</summary>
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
                _token = null;
                Volatile.Write(ref _generation, null);
            }
        }
    }

    /// <summary>What calls are made in; logs in first when the module was initialised anew.</summary>
    public TokenGeneration Current(CryptokiLibrary library)
    {
        return Volatile.Read(ref _generation) is { } current && current.Initialization == library.Module.Module.Initialization ? current : LogInAnew();

        TokenGeneration LogInAnew()
        {
            lock (_gate)
            {
                LoadedModule module = library.Module.Module;
                if (_generation is not { } generation || generation.Initialization != module.Initialization)
                {
                    LogInAgain(library);
                }

                return _generation!;
            }
        }
    }

    /// <summary>The token did what it was asked: the next repair need not wait.</summary>
    public void Confirm() => _breaker.Confirm();

    /// <summary>Begins a new generation after a call of <paramref name="failed"/> failed; with a login, by the next call, if that is lost.</summary>
    public void Renew(CryptokiLibrary library, TokenGeneration failed)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_generation, failed) || failed.Initialization != library.Module.Module.Initialization)
            {
                return;
            }

            Volatile.Write(ref _generation, IsAnchorLoggedIn(out _) ? new TokenGeneration(failed.Initialization, failed.SlotId) : null);
        }
    }

    /// <summary>Whether the token of <paramref name="suspect"/> is gone, as session and token themselves tell; false when another thread has moved on.</summary>
    public bool IsLost(CryptokiLibrary library, TokenGeneration suspect)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_generation, suspect) || suspect.Initialization != library.Module.Module.Initialization)
            {
                return false;
            }

            _ = IsAnchorLoggedIn(out ReturnValue session);
            TokenDescription? token = library.Ask(suspect, out ReturnValue answer);
            return token is null
                ? answer.Recovery is Recovery.Reinitialize or Recovery.Probe
                : session.Recovery is Recovery.Reinitialize or Recovery.Probe || !IsOurs(token);
        }
    }

    /// <summary>Initialises the module anew, unless another thread has since <paramref name="initialization"/>. The next call logs in.</summary>
    /// <exception cref="CryptokiRefusalException">The last attempt was a moment ago, or this one failed.</exception>
    public void Reinitialize(CryptokiLibrary library, long initialization, Exception? cause)
    {
        lock (_gate)
        {
            LoadedModule module = library.Module.Module;
            if (module.Initialization != initialization)
            {
                return;
            }

            if (_breaker.TryEnter() is var pause && pause > TimeSpan.Zero)
            {
                throw Away(pause, cause);
            }

            try
            {
                library.Module.Reinitialize(initialization);
            }
            catch (CryptokiException e)
            {
                throw Away(_breaker.Remaining(), e);
            }
        }
    }

    private void LogInFirst(CryptokiLibrary library, Pin pin)
    {
        if (_isInDoubt)
        {
            Reinitialize(library, library.Module.Module.Initialization, null);
        }

        try
        {
            LogIn(library, pin);
        }
        catch (CryptokiRefusalException e) when (e.Reason == CryptokiRefusal.TokenNotFound && _breaker.Remaining() == TimeSpan.Zero)
        {
            // It may have come since the module was initialised. If not, it may just as well be a label that there never was, so it is not called away.
            Reinitialize(library, library.Module.Module.Initialization, e);
            LogIn(library, pin);
        }
    }

    private void LogInAgain(CryptokiLibrary library)
    {
        Pin pin = _pin ?? throw new ObjectDisposedException(nameof(Token));
        if (_isRefused)
        {
            // Told to one library, it goes for all that share this PIN.
            library.Refuse(label);
            library.ThrowIfRefused(label);
        }

        if (_isInDoubt)
        {
            Reinitialize(library, library.Module.Module.Initialization, null);
        }

        try
        {
            LogIn(library, pin);
        }
        catch (CryptokiRefusalException e) when (e.Reason == CryptokiRefusal.TokenNotFound)
        {
            // Modules list the tokens that they found when they were initialised.
            Reinitialize(library, library.Module.Module.Initialization, e);
            try
            {
                LogIn(library, pin);
            }
            catch (CryptokiRefusalException still) when (still.Reason == CryptokiRefusal.TokenNotFound)
            {
                throw Away(_breaker.Remaining(), still);
            }
        }
    }

    private void LogIn(CryptokiLibrary library, Pin pin)
    {
        library.ThrowIfRefused(label);
        long initialization = library.Module.Module.Initialization;
        TokenDescription token = library.FindToken(label);
        DemandLoginIsSafe(token);
        library.Module.Module.Refused.ThrowIfRefused(token, pin);
        var generation = new TokenGeneration(initialization, token.SlotId);
        SessionHandle anchor = SessionHandle.Open(library.Module, generation);
        try
        {
            // Sessions of our own that outlived the anchor keep a login of before alive; at first it can only be a stranger's.
            if (!anchor.LogIn(Pkcs11.CKU_USER, pin) && _token is null)
            {
                throw new CryptokiRefusalException(
                    CryptokiRefusal.LoggedInElsewhere, $"token '{label}' is logged in by other code of this process, so it checks no PIN");
            }
        }
        catch (Exception e)
        {
            Judge(library, e, token, pin);
            anchor.Dispose();
            throw;
        }

        _anchor?.Dispose();
        _anchor = anchor;
        _token ??= token;
        _isInDoubt = false;
        Volatile.Write(ref _generation, generation);
    }

    private void DemandLoginIsSafe(TokenDescription token)
    {
        if (!IsOurs(token))
        {
            throw new CryptokiRefusalException(CryptokiRefusal.TokenReplaced, $"token '{label}': wanted serial number {_token!.Serial}, got {token.Serial}");
        }

        if (token.IsUserPinLocked)
        {
            throw new CryptokiRefusalException(CryptokiRefusal.PinLocked, $"the PIN of token '{label}' is locked");
        }

        if (token.IsUserPinFinalTry)
        {
            throw new CryptokiRefusalException(
                CryptokiRefusal.PinFinalTry, $"one more wrong PIN would lock token '{label}'; log in by hand once to reset the count");
        }
    }

    /// <summary>
    /// A PIN that was judged wrong is never given again, nor one of which nothing is known (A50). An answer that says neither may have cost a try all the same,
    /// so the next one waits its turn, and the module is initialised anew before it.
    /// </summary>
    private void Judge(CryptokiLibrary library, Exception failure, TokenDescription token, Pin pin)
    {
        if (failure is CryptokiException { IsRefusedLogin: true })
        {
            _isRefused = true;
            library.Module.Module.Refused.Add(token, pin);
            library.Refuse(label);
        }
        else if (failure is CryptokiException { Code.Recovery: Recovery.Probe } && !_isInDoubt)
        {
            _isInDoubt = true;
            _ = _breaker.TryEnter();
        }
    }

    private bool IsOurs(TokenDescription token) => _token is null || string.Equals(token.Serial, _token.Serial, StringComparison.Ordinal);

    private bool IsAnchorLoggedIn(out ReturnValue answer)
    {
        answer = new ReturnValue(Pkcs11.CKR_SESSION_HANDLE_INVALID);
        try
        {
            return _anchor is { } anchor && anchor.IsLoggedIn(out answer, out _);
        }
        catch (CryptokiException)
        {
            // Another token's user has initialised the module anew a moment ago.
            return false;
        }
    }

    private CryptokiRefusalException Away(TimeSpan pause, Exception? cause) => new(
        CryptokiRefusal.TokenAway,
        $"token '{label}' is away{(cause is null ? "" : $" ({cause.Message})")}; it is looked for again after {pause.TotalSeconds:0.###} s",
        cause)
    {
        RetryAfter = pause,
    };
}
