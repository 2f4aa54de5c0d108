// The keystore of an Android app. Compiled against stand-ins for Android's classes and never run: there is no SDK where
// this is developed.
package daybook.example

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import daybook.SecureStore
import daybook.SecureStoreException
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.KeyStore
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/** Secrets in private files, under a key that never leaves the phone's hardware. */
class AndroidKeystore(context: Context) : SecureStore {
    // Not backed up: a restored copy has no secrets, and is known by that.
    private val folder = File(context.noBackupFilesDir, "daybook-secrets").apply { mkdirs() }

    override fun load(name: String): ByteArray? = asked {
        val file = File(folder, name)
        val key = key()
        if (key == null || !file.exists()) return null
        val kept = file.readBytes()
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(8 * TAG, kept, 0, NONCE))
        cipher.doFinal(kept, NONCE, kept.size - NONCE)
    }

    override fun save(name: String, secret: ByteArray) = asked {
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.ENCRYPT_MODE, key() ?: newKey())
        val part = File(folder, "$name.part")
        FileOutputStream(part).use {
            it.write(cipher.iv + cipher.doFinal(secret))
            it.fd.sync()
        }
        if (!part.renameTo(File(folder, name))) throw IOException("not renamed")
    }

    override fun remove(name: String) {
        File(folder, name).delete()
    }

    private fun key(): SecretKey? {
        val keys = KeyStore.getInstance(PROVIDER).apply { load(null) }
        return keys.getKey(ALIAS, null) as SecretKey?
    }

    private fun newKey(): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec = KeyGenParameterSpec.Builder(ALIAS, purposes)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).apply { init(spec) }.generateKey()
    }

    /** A keystore that fails is never an empty one. */
    private inline fun <T> asked(ask: () -> T): T = try {
        ask()
    } catch (failed: GeneralSecurityException) {
        throw SecureStoreException.Unavailable()
    } catch (failed: IOException) {
        throw SecureStoreException.Unavailable()
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val ALIAS = "daybook"
        const val CIPHER = "AES/GCM/NoPadding"
        const val NONCE = 12
        const val TAG = 16
    }
}
